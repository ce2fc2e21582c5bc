"""The layers of a flood hazard beside its zones, and the codes of both families of standards.

Sources: COVADIS Directive inondation 2, its CNIG successor, COVADIS PPR, CNIG PPR 1.0. Two code
lists are one here: the occurrences of the CNIG are read as the scenarios of COVADIS.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tvb.schema.declare import Column, Family, LayerSchema

__all__ = [
    "DEPTH_CLASSES",
    "DRY",
    "FLOOD_TYPES",
    "HAZARD_SCHEMAS",
    "SCENARIO_OF_OCCURRENCE",
    "delivered_scenario",
    "flag_dry",
    "with_short_names",
]

SCENARIO_OF_OCCURRENCE = {
    "For": "01For",
    "Forcc_ct": "01Forcc_ct",
    "Forcc_100": "01Forcc_100",
    "Moy": "02Moy",
    "Moycc_ct": "03Mcc_ct",
    "Moycc_100": "03Mcc",
    "Fai": "04Fai",
    "Faicc_ct": "04Faicc_ct",
    "Faicc_100": "04Fai_100",
}
"""Scenario of COVADIS for each occurrence of the CNIG; the values are all the scenarios there are.

``03Mcc`` bears no horizon in COVADIS: it is that of 2100, since the inclusion rules set it against
``01Forcc_100`` and keep ``03Mcc_ct`` for the short term.
"""

DRY = "Emerg"
"""Class of the CNIG for ground that stays dry within a zone."""

DEPTH_CLASSES: dict[str, tuple[float, float | None]] = {
    "Inf05": (0.0, 0.5),
    "05-1m": (0.5, 1.0),
    "1m-2m": (1.0, 2.0),
    "Sup2m": (2.0, None),
}
"""Depths in metres of each wet class of the CNIG; None is no upper bound."""

FLOOD_TYPES = ("01", "02", "03", "04")
"""Kinds of flood: river, run-off, marine, groundwater."""

_AREA: frozenset[Family] = frozenset({"polygon"})


def flag_dry(classes: pd.Series[Any]) -> NDArray[np.bool_]:
    """Return which classes are that of ground that stays dry, `DRY`.

    Parameters
    ----------
    classes : pandas.Series
        Classes of depth or levels of hazard, of any type.

    Returns
    -------
    numpy.ndarray
        One answer for each; case and blanks around do not matter, nulls are not dry.

    Examples
    --------
    >>> flag_dry(pd.Series(["Emerg", " EMERG", "Inf05", None])).tolist()
    [True, True, False, False]
    """
    found = [name for name in classes.dropna().unique() if str(name).strip().casefold() == _DRY]
    return np.asarray(classes.isin(found), dtype=bool)


_DRY = DRY.casefold()
_SHORT = 10  # longest name of a column in a shapefile


def with_short_names(*names: str) -> tuple[str, ...]:
    """Return names of columns, and what a shapefile leaves of those that are too long for it.

    Parameters
    ----------
    *names : str
        Names.

    Returns
    -------
    tuple of str
        Without repetition.

    Examples
    --------
    >>> with_short_names("idzone", "classehauteur")
    ('idzone', 'classehauteur', 'classehaut')
    """
    return tuple(dict.fromkeys((*names, *(name[:_SHORT] for name in names))))


def delivered_scenario() -> Column:
    """Return the column that keeps the code of a scenario as a file writes it.

    Returns
    -------
    Column
        ``scenario_livre``.
    """
    meaning = "Code of the scenario as delivered, where it was another"
    return Column("scenario_livre", "text", meaning)


def _scenario(*, required: bool) -> tuple[Column, Column]:
    scenario = Column(
        "scenario", "text", "Scenario code, for example 02Moy", required=required,
        nullable=not required, aliases=with_short_names("occurrence", "scenario_inondation"),
    )  # fmt: skip
    return scenario, delivered_scenario()


_ZONE = Column(
    "id_s_inond", "text", "Flood zone to which it belongs (id_zone of flood_zones)",
    aliases=with_short_names("idsurfaceinondable", "id_surface_inondable"),
)  # fmt: skip
_TYPE = Column(
    "typ_inond", "text", "01 river, 02 run-off, 03 marine, 04 groundwater", width=2,
    aliases=with_short_names("typeinondation", "type_inondation"),
)  # fmt: skip
_PROCEDURE = Column(
    "codeprocedure", "text", "PPR in GASPAR", aliases=("id_gaspar", "idproc", "codeproced")
)
_HAZARD_TYPE = Column(
    "typealea", "text", "Kind of hazard in GASPAR, such as 112 slow river overflow"
)
_LEVEL = Column(
    "niveaualea", "text", "00 nil, 01 low, 02 medium, 04 high, 06 very high, 99 other", width=2,
    aliases=("nivalea_std", "nivalea_st", "nivalea"),
)  # fmt: skip
_WORK = Column(
    "id_ouvrage", "text", "Protective work",
    aliases=with_short_names("idouvrageprotecteur", "idouvrageprotecteur_l", "id_ouv_protec",
                             "id_ouv"),
)  # fmt: skip
_TEXT = Column("description", "text", "As delivered", aliases=("descript",))

DEPTH_ZONES = LayerSchema(
    "depth_classes", "Classes de hauteur d'eau", "Classes of water depth",
    "One polygon of one class of depth in one scenario (ISO_HT, zone_iso_classe_hauteur)", _AREA,
    columns=(
        Column("id_zone", "text", "Identifier", aliases=with_short_names("idzoneisoclassehauteur")),
        _ZONE,
        *_scenario(required=True),
        Column("classe", "text", "Emerg (dry), Inf05, 05-1m, 1m-2m, Sup2m; null where others",
               aliases=with_short_names("classehauteur", "classe_hauteur", "isoclassehauteur")),
        Column("ht_min_m", "number", "Lower bound of the class", unit="m",
               aliases=with_short_names("ht_min", "hauteurmin", "hauteur_min")),
        Column("ht_max_m", "number", "Upper bound of the class, null when open", unit="m",
               aliases=with_short_names("ht_max", "hauteurmax", "hauteur_max")),
        _TYPE,
    ),
)  # fmt: skip

PROTECTED_ZONES = LayerSchema(
    "protected_zones", "Zones protégées par un ouvrage", "Zones protected by a work",
    "Ground that a work protects (ZONE_PROTEG, zone_protegee)", _AREA,
    columns=(
        Column("id_zone", "text", "Identifier", aliases=with_short_names("idzoneprotegee")),
        _ZONE,
        *_scenario(required=False),
        _TYPE,
        _HAZARD_TYPE,
        Column("niveauprotection", "text", "Level of protection, as delivered",
               aliases=("niveau_protection", "niveauprot", "niveau_pro")),
        _WORK,
        _TEXT,
    ),
)  # fmt: skip

OVER_HAZARD = LayerSchema(
    "over_hazard", "Zones de suraléa", "Over-hazard zones",
    "Ground where the failure of a work would make things worse (SURALEA, zonesuralea)", _AREA,
    columns=(
        Column("id_zone", "text", "Identifier",
               aliases=with_short_names("idzonesuralea", "idzonedanger")),
        _ZONE,
        *_scenario(required=False),
        _TYPE,
        _HAZARD_TYPE,
        _LEVEL,
        Column("typesuralea", "text", "Kind of band, as delivered",
               aliases=("type_suralea", "typesurale", "type_sural")),
        _WORK,
        _TEXT,
    ),
)  # fmt: skip

PROTECTIVE_WORKS = LayerSchema(
    "protective_works", "Ouvrages protecteurs", "Protective works",
    "One dyke or other work drawn as a line (OUV_PROTEC, ouvrageprotecteur)", frozenset({"line"}),
    columns=(
        _WORK,
        Column("nom", "text", "Name", aliases=("nom_ouv", "nomouvrage")),
        Column("typeouvrage", "text", "Kind of work",
               aliases=with_short_names("typeouvrageprotecteur", "type_ouv", "typ_ouv")),
        Column("occurrence", "text", "Flood up to which it protects, as delivered"),
    ),
)  # fmt: skip

PPR_HAZARD = LayerSchema(
    "ppr_hazard", "Aléa d'un PPR", "Hazard of a prevention plan (PPR)",
    "One zone of one hazard and level (ZONE_ALEA_PPRN, zonealeareference)", _AREA,
    columns=(
        Column("id_zone", "text", "Identifier", aliases=("idzonealea",)),
        _PROCEDURE,
        _HAZARD_TYPE,
        Column("coderisque", "text", "Code of the risk in old deliveries, such as 1120000"),
        _LEVEL,
        Column("occurrence", "integer", "Return period", unit="years"),
        Column("table_alea", "text", "reference, echeance100ans, exceptionnel or synthese"),
        _TEXT,
    ),
)  # fmt: skip

PPR_REGULATION = LayerSchema(
    "ppr_regulation", "Règlement d'un PPR", "Rules of a prevention plan (PPR)",
    "One zone where rules apply (ZONE_REG_PPRN, zonereglementaireurba)", _AREA,
    columns=(
        Column("id_zone", "text", "Identifier", aliases=("idzonereglementaire", "idzonereg")),
        _PROCEDURE,
        Column("codezonereglement", "text", "Code of the zone in the plan",
               aliases=("codzonereg", "codezone")),
        Column("libellezonereglement", "text", "Label of the zone", aliases=("libzonereg", "nom")),
        Column("typereglement", "text", "01 rules outside hazard, 02 rules, 03 ban, 04 strict ban; "
               "others depend on domaine", width=2, aliases=("typereg",)),
        Column("domaine", "text", "urba (town planning) or foncier (land)"),
        Column("existemesuresobligatoires", "boolean", "Whether works are compulsory",
               aliases=("existoblig",)),
    ),
)  # fmt: skip

HAZARD_SCHEMAS = (
    DEPTH_ZONES, PROTECTED_ZONES, OVER_HAZARD, PROTECTIVE_WORKS, PPR_HAZARD, PPR_REGULATION,
)  # fmt: skip
