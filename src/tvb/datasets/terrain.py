"""The modelled ground: rivers, height above the nearest of them, towns and woods.

Everything is a function of the place, the seed and the facts, computed on cells of 80 m that are
aligned on multiples of 80 m; finer models interpolate it and add their own short waves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.datasets.facts_files import load_facts
from tvb.datasets.noise import Frame, fractal_noise, noise_at, sample

__all__ = ["Terrain", "build_terrain", "river_lines"]

Floats = NDArray[np.float64]
Field = NDArray[np.float32]

CELL_M = 80.0
_MARGIN_M = 1_000.0
# Distances across a valley, in half-widths of its plain: where it ends, and beyond.
_VALLEY, _FAR = 5.0, 12.0

# Half-width in metres of the flood plain of a brook, a river, a navigable river.
_PLAIN_M = {1: 190.0, 2: 380.0, 3: 720.0}
_DENSITY_PER_KM2 = 2_300.0
_BEND_KEY, _PLAIN_KEY, _HEIGHT_KEY, _TOWN_KEY, _WOOD_KEY, _SCRUB_KEY = 101, 111, 121, 131, 141, 151


@dataclass(frozen=True)
class Terrain:
    """The modelled ground of a territory, on cells of 80 m.

    Parameters
    ----------
    frame : Frame
        The cells; one kilometre wider than the territory.
    height_m : numpy.ndarray of float32
        Height above the nearest river.
    town : numpy.ndarray of float32
        Above 0 in towns and estates, 1 at their centre.
    wood : numpy.ndarray of float32
        Above 0 in woods.
    marsh : numpy.ndarray of float32
        Above 0 in wetlands.
    rivers : pandas.DataFrame
        ``river``, ``size`` (1 brook, 2 river, 3 navigable) and ``geometry``.
    seed : int
        Seed of the model.
    """

    frame: Frame
    height_m: Field
    town: Field
    wood: Field
    marsh: Field
    rivers: pd.DataFrame
    seed: int

    def at(self, field: Field, x: Floats, y: Floats) -> Floats:
        """Return the values of a field at points.

        Parameters
        ----------
        field : numpy.ndarray
            One of the fields of this terrain.
        x, y : numpy.ndarray
            Coordinates in metres.

        Returns
        -------
        numpy.ndarray
            One value for each point.
        """
        return sample(field, self.frame, x=x, y=y)


def build_terrain(
    bounds: tuple[float, float, float, float], towns: pd.DataFrame, *, seed: int
) -> Terrain:
    """Return the modelled ground of a rectangle.

    Parameters
    ----------
    bounds : tuple of float
        West, south, east, north in metres.
    towns : pandas.DataFrame
        ``x``, ``y`` and ``population`` of communes, those beyond the rectangle included.
    seed : int
        Gives the noise.

    Returns
    -------
    Terrain
        The same at the same place whatever the rectangle.
    """
    west, south, east, north = bounds
    wide = (west - _MARGIN_M, south - _MARGIN_M, east + _MARGIN_M, north + _MARGIN_M)
    frame = Frame.around(wide, CELL_M)
    rivers = _rivers_of(wide, seed)
    height = _height(frame, rivers, seed)
    town = _town(frame, towns, seed)
    wood = _wood(frame, town, height, seed=seed)
    marsh = _marsh(frame, town, height, seed=seed)
    return Terrain(frame, height, town, wood, marsh, rivers, seed)


def river_lines(seed: int) -> pd.DataFrame:
    """Return the modelled courses of the rivers, through the communes that they really cross.

    Parameters
    ----------
    seed : int
        Gives their bends.

    Returns
    -------
    pandas.DataFrame
        ``river``, ``size``, ``geometry`` (LineString downstream, vertices about 40 m apart).
    """
    table = load_facts("rivers").merge(load_facts("communes")[["insee", "x", "y"]], on="insee")
    rows = []
    for (river, size), part in table.groupby(["river", "size"], sort=True):
        course = _smooth(_lengthen(part[["x", "y"]].to_numpy(dtype=float), table["insee"], part))
        rows.append((river, size, shapely.linestrings(_meander(course, seed))))
    return pd.DataFrame(rows, columns=["river", "size", "geometry"])


def _rivers_of(bounds: tuple[float, float, float, float], seed: int) -> pd.DataFrame:
    """Return the rivers, and a brook across the rectangle if it lies away from all of them."""
    rivers = river_lines(seed)
    if shapely.intersects(rivers["geometry"].to_numpy(), shapely.box(*bounds)).any():
        return rivers
    west, south, east, north = bounds
    ends = np.array([[west - 500.0, (south + north) / 2], [east + 500.0, (south + north) / 2]])
    course = shapely.get_coordinates(shapely.segmentize(shapely.linestrings(ends), 40.0))
    brook = ("Ruisseau", 1, shapely.linestrings(_meander(course, seed)))
    return pd.DataFrame([brook], columns=rivers.columns)


def _lengthen(points: Floats, codes: pd.Series[Any], part: pd.DataFrame) -> Floats:
    """Return a course that leaves the territory where it meets no other river."""
    ends = [part["insee"].iloc[0], part["insee"].iloc[-1]]
    free = [(codes == code).sum() == 1 for code in ends]
    before = [points[0] + 1.5 * (points[0] - points[1])] if free[0] else []
    after = [points[-1] + 2.5 * (points[-1] - points[-2])] if free[1] else []
    return np.vstack([*before, points, *after])


def _smooth(points: Floats, step_m: float = 40.0) -> Floats:
    """Return a smooth curve through points (centripetal parameter, natural cubic spline)."""
    from scipy.interpolate import CubicSpline

    gaps = np.sqrt(np.hypot(*np.diff(points, axis=0).T))
    t = np.concatenate([[0.0], np.cumsum(gaps)])
    curve = CubicSpline(t, points, bc_type="natural")
    dense = curve(np.linspace(0.0, t[-1], 40 * len(points)))
    return shapely.get_coordinates(shapely.segmentize(shapely.linestrings(dense), step_m))


def _meander(course: Floats, seed: int) -> Floats:
    """Return a course moved off the middle of the towns, by a map that depends on the place."""
    moved = course.copy()
    for k, (wavelength, amplitude) in enumerate(((5_000.0, 420.0), (1_100.0, 95.0), (350.0, 22.0))):
        for axis in (0, 1):
            key = seed + _BEND_KEY + 10 * k + axis
            moved[:, axis] += amplitude * noise_at(course[:, 0], course[:, 1], wavelength, key=key)
    return moved


def _height(frame: Frame, rivers: pd.DataFrame, seed: int) -> Field:
    """Return the height above the nearest river, in metres."""
    bend = np.exp(0.35 * fractal_noise(frame, 6_000.0, octaves=2, key=seed + _PLAIN_KEY))
    across = np.full(frame.shape, _FAR, dtype=np.float32)
    for size, plain in _PLAIN_M.items():
        lines = rivers["geometry"][rivers["size"] == size].to_numpy()
        width = plain * bend
        np.minimum(across, _distance(frame, lines, _VALLEY * plain) / width, out=across)
    rough = fractal_noise(frame, 2_400.0, octaves=5, key=seed + _HEIGHT_KEY, persistence=0.6)
    return cast("Field", 1.6 * across**1.25 + rough * (0.22 + 0.6 * np.minimum(across, 2.0)))


def _distance(frame: Frame, lines: NDArray[Any], limit_m: float) -> Field:
    """Return the distance to the nearest of dense lines, in metres; 10 limits beyond the limit."""
    from scipy.spatial import cKDTree

    points = shapely.get_coordinates(lines)
    if len(points) == 0:
        return np.full(frame.shape, 10 * limit_m, dtype=np.float32)
    x, y = (a.ravel() for a in np.meshgrid(frame.x, frame.y))
    near, _ = cKDTree(points).query(np.column_stack([x, y]), distance_upper_bound=limit_m)
    found = np.minimum(near, 10 * limit_m).reshape(frame.shape)
    return found.astype(np.float32)


def _town(frame: Frame, towns: pd.DataFrame, seed: int) -> Field:
    """Return how urban a place is: 1 at the centre, 0 at the edge of a town or an estate."""
    people = towns["population"].to_numpy(dtype=float, na_value=0.0)
    radius = 1_000.0 * np.sqrt(np.maximum(people, 60.0) / _DENSITY_PER_KM2 / np.pi)
    centres = [np.column_stack([towns["x"], towns["y"], radius])]
    for name, factor in (("estates", 1.35), ("pits", 0.0)):
        facts = load_facts(name)
        size = factor * np.sqrt(facts["area_ha"] * 1e4 / np.pi) if factor else 170.0
        centres.append(np.column_stack([facts["x"], facts["y"], np.broadcast_to(size, len(facts))]))
    town = np.full(frame.shape, -2.0, dtype=np.float32)
    for x, y, r in np.vstack(centres):
        _raise_cone(town, frame, (x, y, r))
    edge = fractal_noise(frame, 1_900.0, octaves=5, key=seed + _TOWN_KEY, persistence=0.72)
    return np.asarray(town + 0.42 * edge - 0.08, dtype=np.float32)


def _raise_cone(field: Field, frame: Frame, cone: tuple[float, float, float]) -> None:
    """Raise a field to ``1 - distance / radius`` about a point, down to -2."""
    x, y, radius = cone
    columns = slice(*np.clip(_span(x - frame.x_min, radius, frame.cell_m), 0, frame.columns))
    rows = slice(*np.clip(_span(frame.y_max - y, radius, frame.cell_m), 0, frame.rows))
    dx, dy = frame.x[columns] - x, frame.y[rows] - y
    height = 1.0 - np.hypot(dx[None, :], dy[:, None]) / radius
    np.maximum(field[rows, columns], height, out=field[rows, columns], casting="same_kind")


def _span(offset: float, radius: float, cell_m: float) -> tuple[int, int]:
    reach = 3.0 * radius
    return int((offset - reach) // cell_m), int((offset + reach) // cell_m) + 1


def _wood(frame: Frame, town: Field, height: Field, *, seed: int) -> Field:
    """Return the fitness for woods: away from towns, in large and small patches."""
    large = fractal_noise(frame, 5_200.0, octaves=2, key=seed + _WOOD_KEY)
    small = fractal_noise(frame, 900.0, octaves=4, key=seed + _SCRUB_KEY, persistence=0.6)
    slope = np.clip(height / 6.0, -0.2, 1.0)
    return np.asarray(
        0.75 * large + 0.7 * small - 1.3 + 0.25 * slope - 1.4 * np.maximum(town + 0.3, 0.0),
        dtype=np.float32,
    )


def _marsh(frame: Frame, town: Field, height: Field, *, seed: int) -> Field:
    """Return the fitness for wetlands: the bottom of valleys, out of towns."""
    patch = fractal_noise(frame, 1_100.0, octaves=4, key=seed + _SCRUB_KEY + 5, persistence=0.6)
    return np.asarray(
        0.35 * patch - 0.12 - 0.8 * np.maximum(height, -0.3) - 1.2 * np.maximum(town, 0.0),
        dtype=np.float32,
    )
