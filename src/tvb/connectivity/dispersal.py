"""How far a species goes: from a distance to a probability, from metres to costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tvb.errors import ParameterError, explain

__all__ = ["CostRegression", "compute_alpha", "cost_to_distance"]

_LEAST_LINKS = 3  # two points make a line of any data


def compute_alpha(distance: float, probability: float) -> float:
    """Return the rate α at which the probability of dispersal falls, exp(−α d).

    α = −ln(probability) / distance.

    Parameters
    ----------
    distance : float
        A distance of dispersal, in metres or in units of cost.
    probability : float
        Probability to cover it, between 0 and 1, both excluded; 0.5 if the distance is a median.

    Returns
    -------
    float
        α, per unit of distance.

    Raises
    ------
    ParameterError
        If the distance is not positive and finite, or the probability is not inside 0 and 1.

    References
    ----------
    Saura & Pascual-Hortal 2007.

    Examples
    --------
    >>> round(compute_alpha(1000.0, 0.5), 9)
    0.000693147
    """
    if not (np.isfinite(distance) and distance > 0):
        raise ParameterError(
            explain("distance", f"is {distance}", required="a finite length above 0")
        )
    if not 0 < probability < 1:
        raise ParameterError(
            explain("probability", f"is {probability}", required="between 0 and 1, both excluded")
        )
    return float(-np.log(probability) / distance)


@dataclass(frozen=True)
class CostRegression:
    """How the cost of a link grows with its length: ln cost = intercept + slope · ln length.

    Parameters
    ----------
    intercept, slope : float
        Of the line, in natural logarithms of units of cost and of metres.
    r_squared : float
        Share of the variance of ln cost that the line explains, from 0 to 1.
    links, left_out : int
        Links that the line was fitted to, and links that have no logarithm (zero or infinite).
    """

    intercept: float
    slope: float
    r_squared: float
    links: int
    left_out: int

    def cost_of(self, distance_m: float) -> float:
        """Return the cost of covering a distance.

        Parameters
        ----------
        distance_m : float
            In metres, above 0.

        Returns
        -------
        float
            In units of cost: the typical one, half of the links cost more.

        Raises
        ------
        ParameterError
            If the distance is not positive and finite.
        """
        _require_positive("distance_m", distance_m)
        return float(np.exp(self.intercept + self.slope * np.log(distance_m)))

    def distance_of(self, cost: float) -> float:
        """Return the distance whose cost is given: the inverse of `cost_of`.

        Parameters
        ----------
        cost : float
            In units of cost, above 0.

        Returns
        -------
        float
            In metres.

        Raises
        ------
        ParameterError
            If the cost is not positive and finite, or cost does not depend on length.
        """
        _require_positive("cost", cost)
        if self.slope == 0:
            raise ParameterError(explain("slope", "is 0", required="costs that grow with length"))
        return float(np.exp((np.log(cost) - self.intercept) / self.slope))

    def __repr__(self) -> str:
        return (
            f"<CostRegression: ln cost = {self.intercept:.3g} + {self.slope:.3g} ln metres, "
            f"r² {self.r_squared:.2f}, {self.links} links, {self.left_out} left out>"
        )


def cost_to_distance(costs: ArrayLike, lengths: ArrayLike) -> CostRegression:
    """Return the regression from the length of links to their cost.

    Dispersal is known in metres, links are measured in costs: `CostRegression.cost_of` gives the
    cost that takes the place of a distance, to be given as ``distance`` to the indices.

    Parameters
    ----------
    costs, lengths : array_like
        Cost and length in metres of each link, shape (m,).

    Returns
    -------
    CostRegression
        Fitted by least squares on the logarithms. Links whose cost or length is zero or infinite
        are left out and counted.

    Raises
    ------
    ParameterError
        If the shapes differ, a value is negative or NaN, fewer than three links are left, or all
        lengths are the same.

    References
    ----------
    Foltête, J.-C., Clauzel, C. & Vuidel, G. (2012). A software tool dedicated to the modelling of
    landscape networks. Environmental Modelling & Software 38, 316-327. As in Graphab, cost is
    explained by length and not the reverse.

    Examples
    --------
    Costs that are ten times the length: 1 000 m cost 10 000.

    >>> fit = cost_to_distance([100, 1000, 5000], [10, 100, 500])
    >>> round(fit.cost_of(1000), 6), round(fit.distance_of(10_000), 6), round(fit.r_squared, 6)
    (10000.0, 1000.0, 1.0)
    """
    cost = np.asarray(costs, dtype=np.float64)
    length = np.asarray(lengths, dtype=np.float64)
    if cost.shape != length.shape or cost.ndim != 1:
        problem = f"costs have shape {cost.shape}, lengths {length.shape}"
        raise ParameterError(explain("links", problem, required="one length for each cost"))
    if not ((cost >= 0) & (length >= 0)).all():
        raise ParameterError(explain("links", "cost or length negative or NaN"))
    usable = (cost > 0) & (length > 0) & np.isfinite(cost) & np.isfinite(length)
    x, y = np.log(length[usable]), np.log(cost[usable])
    if len(x) < _LEAST_LINKS or np.ptp(x) == 0:
        problem = f"{len(x)} with a cost and a length above 0"
        raise ParameterError(
            explain("links", problem, required="at least three, of several lengths")
        )
    across, up = x - x.mean(), y - y.mean()
    slope = float(across @ up / (across @ across))
    spread = float(up @ up)
    return CostRegression(
        intercept=float(y.mean() - slope * x.mean()),
        slope=slope,
        r_squared=slope**2 * float(across @ across) / spread if spread > 0 else 1.0,
        links=len(x),
        left_out=len(cost) - len(x),
    )


def _require_positive(name: str, value: float) -> None:
    if not (np.isfinite(value) and value > 0):
        raise ParameterError(explain(name, f"is {value}", required="a finite number above 0"))
