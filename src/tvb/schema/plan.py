"""The tables of a town plan (CNIG PLU and PLUi, versions 2013 to 2025) and of its servitudes.

One declaration serves everything: `PlanTable.schema` is what the reader asks of a table, which is
only what every version holds; `PlanColumn.versions` and `PlanColumn.required` are what each version
of the standard asks for, which the plan review judges. Columns of 2013 and 2014 beyond ``INSEE``,
``DATAPPRO`` and ``DESTDOMI`` were not read in a source: nothing is required of them.

References
----------
.. [1] CNIG, Standard de dématérialisation des documents d'urbanisme, PLU and PLUi.
.. [2] CNIG, Standard de dématérialisation des servitudes d'utilité publique.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tvb.schema.declare import Column, Dtype, Family, LayerSchema

__all__ = [
    "ATTRIBUTE_TABLES",
    "CONDITIONS",
    "PLAN_SCHEMAS",
    "PLAN_TABLES",
    "SUP_CATEGORIES",
    "VERSIONS",
    "WRITTEN_PARTS",
    "Condition",
    "PlanColumn",
    "PlanKind",
    "PlanTable",
]

PlanKind = Literal["PLU", "PLUi"]

VERSIONS: dict[PlanKind, tuple[str, ...]] = {
    "PLU": ("2013", "2014", "2017", "2022", "2024", "2025"),
    "PLUi": ("2014", "2017", "2022", "2024", "2025"),
}
"""Versions of the standard that have a model, from old to new."""

_ALL = VERSIONS["PLU"]
_OLD, _NEW = _ALL[:2], _ALL[2:]
_SINCE_2022, _SINCE_2024, _SINCE_2025 = _ALL[3:], _ALL[4:], _ALL[5:]

_DATE = r"[0-9]{8}"
_COLOUR = r"[0-9]{3}-[0-9]{3}-[0-9]{3}"
_OWNER: dict[PlanKind, str] = {"PLU": "[AB0-9]{5}", "PLUi": "[0-9]{9}"}

_FAMILY_OF_SUFFIX: dict[str, Family] = {"surf": "polygon", "lin": "line", "pct": "point"}
_WORD_OF_FAMILY: dict[Family, str] = {"polygon": "area", "line": "line", "point": "point"}


@dataclass(frozen=True, slots=True)
class PlanColumn:
    """One column of a table, in all versions of the standard.

    Parameters
    ----------
    name : str
        As the standard names it, in lower case.
    meaning : str
        What it holds.
    width : int, optional
        Greatest number of characters. Widths of delivered DBF files say nothing: a template of
        2024 gave ``NATURE`` 12 characters instead of 50.
    dtype : {"text", "integer"}
        Type in the frame.
    versions : tuple of str
        Versions that have the column.
    required : tuple of str
        Versions in which a row must have a value.
    optional : bool
        Whether a delivery may leave out the column itself.
    pattern : str, optional
        Regular expression that a value fits entirely.
    code : bool
        Whether values are codes of exactly `width` characters, whose lost zeros are put back.
    aliases : tuple of str
        Other names under which it is delivered.
    """

    name: str
    meaning: str
    width: int | None = None
    dtype: Dtype = "text"
    versions: tuple[str, ...] = _ALL
    required: tuple[str, ...] = ()
    optional: bool = False
    pattern: str | None = None
    code: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanTable:
    """One table of a delivery.

    Parameters
    ----------
    name : str
        As the standard names it, in lower case and without owner and date.
    title_fr, title_en : str
        Name in legends.
    description : str
        What one row is.
    family : {"point", "line", "polygon"} or None
        Geometry; None for a table of attributes.
    columns : tuple of PlanColumn
        In the order of the standard.
    key_column : str, optional
        Without this column, a table of this name is not what its name says.
    mandatory : tuple of str
        Versions in which a delivery must hold the table.
    complete : bool
        Whether all its columns are known to tvb, so that others can be called unknown.
    """

    name: str
    title_fr: str
    title_en: str
    description: str
    family: Family | None
    columns: tuple[PlanColumn, ...]
    key_column: str | None = None
    mandatory: tuple[str, ...] = ()
    complete: bool = True

    @property
    def schema(self) -> LayerSchema:
        """What the reader asks of the table; a table of attributes has no family."""
        families: frozenset[Family] = frozenset({self.family} if self.family else ())
        return LayerSchema(
            self.name, self.title_fr, self.title_en, self.description, families,
            columns=tuple(
                Column(
                    c.name, c.dtype, c.meaning, required=c.name == self.key_column,
                    width=c.width if c.code else None, aliases=c.aliases,
                )
                for c in self.columns
            ),
        )  # fmt: skip

    @property
    def is_servitude(self) -> bool:
        """Whether the table is of the standard of servitudes, which has no such versions."""
        return "sup" in self.name.split("_") or self.name == "servitude"

    def columns_of(self, version: str) -> tuple[PlanColumn, ...]:
        """Return the columns that a version of the standard has.

        Parameters
        ----------
        version : str
            For example ``2022``.

        Returns
        -------
        tuple of PlanColumn
            In the order of the standard.
        """
        return tuple(c for c in self.columns if version in c.versions)

    def name_pattern(self, kind: PlanKind) -> str:
        """Return the regular expression of the name of the table since 2017.

        Parameters
        ----------
        kind : {"PLU", "PLUi"}
            Of one commune, named by its INSEE code, or of several, named by their SIREN.

        Returns
        -------
        str
            To be matched entirely.
        """
        part = "(_[a-zA-Z])?" if kind == "PLUi" else ""
        return f"{_OWNER[kind]}_{self.name.upper()}_{_DATE}{part}"


@dataclass(frozen=True, slots=True)
class Condition:
    """Values that a row must have if it has others.

    Parameters
    ----------
    table : str
        Name of the table, or its beginning where several share the rule.
    when : tuple of (str, tuple of str)
        Column and values; all must hold. Empty: every row.
    needed : tuple of str
        Columns of which at least one must have a value.
    versions : tuple of str
        Versions that ask for it.
    """

    table: str
    when: tuple[tuple[str, tuple[str, ...]], ...]
    needed: tuple[str, ...]
    versions: tuple[str, ...] = _NEW


CONDITIONS = (
    Condition("prescription_", (("typepsc", ("97",)), ("stypepsc", ("00",))), ("nomfic",)),
    Condition("info_", (("typeinf", ("97",)),), ("nomfic",)),
    Condition("doc_urba", (("etat", ("03",)),), ("datappro",)),
    Condition("doc_urba", (("etat", ("04", "05")),), ("datefin",)),
    Condition("doc_urba", (), ("nomreg", "urlreg")),
    Condition("doc_urba", (), ("nomrapp", "urlrapp"), _SINCE_2025),
)
"""Values that depend on each other."""


def _file(name: str, meaning: str, *, required: tuple[str, ...] = ()) -> tuple[PlanColumn, ...]:
    """Return the columns that name a document and give its address."""
    return (
        PlanColumn(f"nom{name}", f"File of {meaning}", 80, required=required),
        PlanColumn(f"url{name}", f"Address of {meaning}", 254),
    )


_OWNING_PLAN = (
    PlanColumn("idurba", "Plan to which the row belongs", 30, versions=_NEW, required=_NEW),
    PlanColumn("insee", "Commune, until 2014; INSEE and DATAPPRO were what IDURBA is", 5,
               versions=_OLD, code=True),
    PlanColumn("datappro", "Date of approval, until 2014", 8, versions=_OLD, pattern=_DATE),
)  # fmt: skip
_DATVALID = PlanColumn("datvalid", "Date since which the row is valid, AAAAMMJJ", 8, pattern=_DATE)
_TXT = PlanColumn("txt", "Label written on the map", 10)


def _row_id(code: str, letter: str) -> PlanColumn:
    pattern = f"({_OWNER['PLU']}_PLU|{_OWNER['PLUi']}_PLU[iI])_{_DATE}_{letter}[0-9]+"
    return PlanColumn(f"lib_id{code}", "Identifier of the row", 40, versions=_NEW, optional=True,
                      pattern=pattern)  # fmt: skip


def _destination(name: str, meaning: str) -> PlanColumn:
    """Return a column of codes of destinations joined by hyphens."""
    return PlanColumn(name, f"Destinations {meaning}, codes joined by a hyphen", 120,
                      versions=_SINCE_2022, pattern=r"[0-9]{2}(-[0-9]{2})*")  # fmt: skip


_ZONE_URBA = PlanTable(
    "zone_urba", "Zonage du plan", "Plan zones", "One zone of the plan", "polygon",
    columns=(
        PlanColumn("libelle", "Name of the zone", 12, required=_NEW),
        PlanColumn("libelong", "Long name of the zone", 254),
        PlanColumn("typezone", "U, AUc, AUs, A, N (2013 and 2014 also Ah, Nd, Nh)", 3,
                   required=_NEW),
        PlanColumn("destdomi", "Dominant use, until 2014", versions=_OLD),
        PlanColumn("formdomi", "Dominant built form, four digits", 4, versions=_SINCE_2022,
                   code=True),
        _destination("destoui", "allowed"),
        _destination("destcdt", "allowed under conditions"),
        _destination("destnon", "forbidden"),
        *_file("fic", "the rules of the zone", required=_NEW),
        *_OWNING_PLAN,
        _DATVALID,
        PlanColumn("symbole", "Symbol", 20, versions=_SINCE_2022,
                   pattern=r"ZONE_[a-zA-Z]+_[0-9]{3}"),
        _row_id("zone", "ZO"),
    ),
    key_column="typezone", mandatory=_ALL,
)  # fmt: skip


def _item(table: str, suffix: str) -> PlanTable:
    """Return a table of prescriptions or of informations."""
    psc = table == "prescription"
    code, letter = ("psc", "P") if psc else ("inf", "I")
    family, shape = _FAMILY_OF_SUFFIX[suffix], suffix[0].upper()
    nature = (PlanColumn("nature", "Nature of the prescription", 50, versions=_SINCE_2022),)
    title = "Prescriptions" if psc else "Informations"
    return PlanTable(
        f"{table}_{suffix}", title, title,
        f"One {table} of the plan, drawn as a{'n' if family == 'polygon' else ''} "
        f"{_WORD_OF_FAMILY[family]}",
        family,
        columns=(
            PlanColumn("libelle", "Short label", 254, required=_NEW),
            _TXT,
            PlanColumn(f"type{code}", "Code", 2, required=_NEW, code=True),
            PlanColumn(f"stype{code}", "Sub-code, 00 when there is none", 2, required=_NEW,
                       code=True),
            *(nature if psc else ()),
            *_file("fic", "the text"),
            *_OWNING_PLAN,
            _DATVALID,
            PlanColumn("symbole", "Symbol", 20, versions=_SINCE_2022,
                       pattern=rf"{code.upper()}-{shape}_[0-9]{{2}}-[0-9]{{2}}_[0-9]{{3}}"),
            _row_id("psc" if psc else "info", f"{letter}{shape}"),
        ),
        key_column=f"type{code}",
    )  # fmt: skip


_HABILLAGE_END = (
    PlanColumn("couleur", "Colour, red-green-blue on three digits each", 11, pattern=_COLOUR),
    *_OWNING_PLAN,
)


def _habillage(suffix: str) -> PlanTable:
    """Return a table of what is drawn on the map without meaning a rule."""
    return PlanTable(
        f"habillage_{suffix}", "Habillage", "Map dressing",
        "One feature drawn on the map without being a rule", _FAMILY_OF_SUFFIX[suffix],
        columns=(
            PlanColumn("nattrac", "Nature of the feature", 40, required=_NEW),
            *_HABILLAGE_END,
            PlanColumn("lib_idhab", "Identifier of the row", 40, versions=_NEW, optional=True),
        ),
    )  # fmt: skip


_HABILLAGE_TXT = PlanTable(
    "habillage_txt", "Habillage : textes", "Map dressing: texts", "One text written on the map",
    "point",
    columns=(
        PlanColumn("natecr", "Nature of the text", 40, required=_NEW),
        PlanColumn("txt", "Text", 80, required=_NEW),
        PlanColumn("police", "Font", 40),
        PlanColumn("taille", "Size", dtype="integer"),
        PlanColumn("style", "Style", 40),
        PlanColumn("angle", "Angle", dtype="integer"),
        *_HABILLAGE_END,
        PlanColumn("lib_idhab", "Identifier of the row", 40, versions=_NEW, optional=True),
    ),
)  # fmt: skip

_DOC_URBA = PlanTable(
    "doc_urba", "Document d'urbanisme", "Town plan", "One plan", None,
    columns=(
        PlanColumn("idurba", "Identifier of the plan", 30, required=_ALL),
        PlanColumn("typedoc", "PLU, PLUI, POS, CC", 4, required=_NEW),
        PlanColumn("etat", "State of the procedure", 2, required=_NEW, code=True),
        PlanColumn("nomproc", "Procedure", 10, versions=_NEW, required=_SINCE_2024),
        PlanColumn("datappro", "Date of approval", 8, pattern=_DATE),
        PlanColumn("datefin", "Date of the end", 8, pattern=_DATE),
        PlanColumn("siren", "Owner, where it is an intercommunality", 9, pattern=r"[0-9]{9}"),
        *_file("reg", "the rules"),
        *_file("plan", "the drawings"),
        PlanColumn("nomrapp", "File of the report", 80, versions=_SINCE_2025),
        PlanColumn("urlrapp", "Address of the report", 254, versions=_SINCE_2025),
        PlanColumn("urlpe", "Address of the written parts"),
        PlanColumn("siteweb", "Address of the site"),
        PlanColumn("typeref", "Reference of the drawing", 2, code=True),
        PlanColumn("dateref", "Date of the reference of the drawing", 8, required=_NEW,
                   pattern=_DATE),
    ),
    key_column="idurba", mandatory=_ALL,
)  # fmt: skip

_DOC_URBA_COM = PlanTable(
    "doc_urba_com", "Communes du document", "Communes of the plan", "One commune of the plan", None,
    columns=(
        PlanColumn("insee", "Commune; each stands once", 5, required=_ALL, code=True),
        PlanColumn("idurba", "Identifier of the plan", 30, required=_ALL),
    ),
    key_column="insee", mandatory=_ALL,
)  # fmt: skip

SUP_CATEGORIES = {
    "AC1": "monuments historiques et leurs abords",
    "AC2": "sites classés ou inscrits (loi de 1930)",
    "AC3": "réserves naturelles",
    "AC4": "sites patrimoniaux remarquables",
    "A4": "accès aux cours d'eau",
    "A7": "forêts de protection",
    "AS1": "captages d'eau potable",
    "EL3": "chemins de halage et marchepied",
    "I6": "mines et carrières",
    "I10": "prévention des risques miniers",
    "PM1": "plans de prévention des risques naturels ou miniers",
    "PM3": "plans de prévention des risques technologiques",
    "PM4": "zones de rétention et de mobilité des eaux",
    "PM5": "sécurité des barrages",
    "PM7": "ouvrages de protection contre les inondations",
    "T1": "chemins de fer",
}
"""Servitudes of public utility that are read, by category."""

_GENERATEUR = (
    PlanColumn("idgen", "Identifier of what the servitude comes from", required=_ALL),
    PlanColumn("idsup", "Servitude", required=_ALL),
    PlanColumn("nomgen", "Name", 100, required=_ALL),
    PlanColumn("typegen", "Type: Monument, Site, Périmètre réglementé du PPR, …", required=_ALL),
    PlanColumn("type", "Inscrit, Classé, Mixte, sans objet"),
    PlanColumn("modegenere", "How the geometry was made"),
    PlanColumn("srcgeogen", "Source of the geometry"),
    PlanColumn("datesrcgen", "Date of that source"),
    PlanColumn("refbdext", "Outside database"),
    PlanColumn("idbdext", "Identifier in the outside database"),
)
_PPR = (
    PlanColumn("code_alea", "Hazard of a risk plan (PM1)", 2, optional=True, code=True),
    PlanColumn("id_gaspar", "Identifier of a risk plan in GASPAR (PM1)", 24, optional=True),
    PlanColumn("url_grisq", "Address in Géorisques (PM1)", optional=True),
)
_ASSIETTE = (
    PlanColumn("idass", "Identifier of the ground of the servitude", required=_ALL),
    PlanColumn("idgen", "What the servitude comes from", required=_ALL),
    PlanColumn("nomass", "Name", 100, required=_ALL),
    PlanColumn("typeass", "Type: Périmètre des abords, Enceinte du site, …", required=_ALL),
    PlanColumn("type", "Inscrit, Classé, Mixte, sans objet", optional=True),
    PlanColumn("modegeoass", "How the geometry was made", required=_ALL),
    PlanColumn("paramcalc", "Distance of the calculation, in metres", dtype="integer"),
    PlanColumn("srcgeoass", "Source of the geometry"),
    PlanColumn("datesrcass", "Date of that source"),
)


def _servitude(letter: str, *, generator: bool) -> PlanTable:
    """Return a table of servitudes with geometry."""
    families: dict[str, Family] = {"s": "polygon", "l": "line", "p": "point"}
    word, title = ("generateur", "Générateurs") if generator else ("assiette", "Assiettes")
    role = "thing that a servitude comes from" if generator else "ground of a servitude"
    return PlanTable(
        f"{word}_sup_{letter}", f"{title} de servitude",
        f"Servitudes: {'sources' if generator else 'ground'}", f"One {role}", families[letter],
        columns=(*(_GENERATEUR if generator else _ASSIETTE), *_PPR),
        key_column="idgen",
    )  # fmt: skip


_SUP_ATTRIBUTES = (
    PlanTable(
        "servitude", "Servitudes", "Servitudes", "One servitude", None,
        columns=(
            PlanColumn("idsup", "Identifier", required=_ALL),
            PlanColumn("idgest", "Manager", required=_ALL),
            PlanColumn("nomsup", "Name", required=_ALL),
            PlanColumn("nomsuplitt", "Name as people say it"),
            PlanColumn("categorie", "Category", required=_ALL),
            PlanColumn("datemaj", "Date of the last change", required=_ALL),
        ),
        complete=False,
    ),
    PlanTable("acte_sup", "Actes", "Acts", "One act", None, columns=(), complete=False),
    PlanTable("servitude_acte_sup", "Actes des servitudes", "Acts of servitudes",
              "One act of a servitude", None, columns=(), complete=False),
    PlanTable("gestionnaire_sup", "Gestionnaires", "Managers", "One manager", None, columns=(),
              complete=False),
)  # fmt: skip

PLAN_TABLES: dict[str, PlanTable] = {
    table.name: table
    for table in (
        _ZONE_URBA,
        *(_item(word, s) for word in ("prescription", "info") for s in _FAMILY_OF_SUFFIX),
        *(_habillage(s) for s in _FAMILY_OF_SUFFIX),
        _HABILLAGE_TXT,
        *(_servitude(letter, generator=True) for letter in "slp"),
        *(_servitude(letter, generator=False) for letter in "slp"),
        _DOC_URBA,
        _DOC_URBA_COM,
        *_SUP_ATTRIBUTES,
    )
}
"""Every table that tvb reads in a delivery, by name."""

PLAN_SCHEMAS = tuple(t.schema for t in PLAN_TABLES.values() if t.family)
"""Schemas of the tables with geometry, for `tvb.schema.SCHEMAS`."""

ATTRIBUTE_TABLES = {t.name: t.schema for t in PLAN_TABLES.values() if not t.family}
"""Schemas of the tables without geometry, by name."""

WRITTEN_PARTS: dict[str, bool] = {
    "0_Procedure": True,
    "1_Rapport_de_presentation": True,
    "2_PADD": True,
    "3_Reglement": True,
    "4_Annexes": True,
    "5_OAP": False,
}
"""Folders of ``Pieces_ecrites``, and whether the standard asks for them."""
