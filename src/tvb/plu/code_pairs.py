"""Prescription and information codes of the CNIG PLU standard that serve the basin.

The published lists are longer (156 pairs of prescriptions in 2017, 165 in 2024): a pair that is not
here is unknown to tvb, never wrong. Meanings are in our words.

References
----------
.. [1] CNIG, Standard PLU and PLUi, lists PrescriptionUrbaType and InformationUrbaType.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["INFORMATIONS", "PRESCRIPTIONS", "CodePair", "Family"]

Family = Literal["psc", "inf"]

_SINCE_2017 = ("2017", "2022", "2024", "2025")
_SINCE_2022, _SINCE_2024 = _SINCE_2017[1:], _SINCE_2017[2:]


@dataclass(frozen=True, slots=True)
class CodePair:
    """What a type and sub-type of prescription or information mean.

    Parameters
    ----------
    family : {"psc", "inf"}
        Prescription or information.
    code : str
        Type and sub-type, such as ``07-01``; ``99-*`` stands for every sub-type.
    meaning_fr, meaning_en : str
        What it means; empty where the reference lists the code without a meaning.
    reference : str
        Articles; of the Code de l'urbanisme unless said.
    versions : tuple of str or None
        Versions of the standard that have the pair; None where tvb does not know.
    geometries : str or None
        Geometries that the list of 2025 allows (S, L, P); None where tvb does not know.
    recalled : bool
        Whether it was not read in a source.
    """

    family: Family
    code: str
    meaning_fr: str
    meaning_en: str
    reference: str = ""
    versions: tuple[str, ...] | None = _SINCE_2017
    geometries: str | None = None
    recalled: bool = False


def _psc(
    code: str, *meanings: str, law: str = "", since: tuple[str, ...] | None = _SINCE_2017,
    shapes: str | None = "SLP",
) -> CodePair:  # fmt: skip
    french, english = meanings
    return CodePair("psc", code, french, english, law, since, shapes)


def _inf(
    code: str, *meanings: str, law: str = "", since: tuple[str, ...] | None = _SINCE_2017,
    shapes: str | None = None,
) -> CodePair:  # fmt: skip
    french, english = meanings
    return CodePair("inf", code, french, english, law, since, shapes)


_RISK = "R151-31 2°, R151-34 1°"
_SITE = "L151-41 1° à 3°"
_WAYS = "L151-38, R151-48 1°"

PRESCRIPTIONS = (
    _psc("01-00", "espace boisé classé", "classified woodland", law="L113-1, R151-31 1°"),
    _psc("01-01", "espace boisé classé à conserver", "classified woodland to keep",
         law="L113-1, R151-31 1°"),
    _psc("01-02", "espace boisé classé à créer", "classified woodland to create",
         law="L113-1, R151-31 1°"),
    _psc("01-03", "espace boisé significatif (loi littoral)",
         "significant woodland (coast law)", law="L121-27"),
    _psc("02-00", "constructibilité limitée : environnement, risque ou intérêt général",
         "building limited for environment, risk or general interest", law=_RISK),
    _psc("02-01", "construction interdite : environnement, risque ou intérêt général",
         "building forbidden for environment, risk or general interest", law="R151-31 2°"),
    _psc("02-02", "construction sous conditions : environnement, risque ou intérêt général",
         "building under conditions for environment, risk or general interest", law="R151-34 1°"),
    _psc("05-00", "emplacement réservé, non précisé", "reserved site, undetermined", law=_SITE),
    _psc("05-01", "emplacement réservé aux voies publiques, pistes cyclables comprises",
         "reserved site for public ways, cycle routes included", law="L151-41 1°, R151-48 2°"),
    _psc("05-02", "emplacement réservé aux ouvrages publics", "reserved site for public works",
         law="L151-41 1°"),
    _psc("05-03", "emplacement réservé aux installations d'intérêt général",
         "reserved site for installations of general interest", law="L151-41 2°"),
    _psc("05-04", "emplacement réservé aux espaces verts et continuités écologiques",
         "reserved site for green spaces and ecological continuities",
         law="L151-41 3°, R151-43 3°"),
    _psc("05-05", "emplacement réservé au logement social", "reserved site for social housing",
         law="L151-41 4°", shapes=None),
    _psc("05-06", "servitude de localisation en zone U ou AU",
         "servitude of location in a U or AU zone", law="L151-41, dernier alinéa"),
    _psc("05-07", "secteur en attente de projet", "sector waiting for a project",
         law="L151-41 5°", shapes=None),
    _psc("07-00", "élément de patrimoine ou de paysage, non précisé",
         "heritage or landscape item, undetermined", law="L151-19, L151-23"),
    _psc("07-01", "patrimoine bâti", "built heritage", law="L151-19, R151-41 3°"),
    _psc("07-02", "patrimoine paysager, motif culturel", "landscape heritage, cultural ground",
         law="L151-19"),
    _psc("07-03", "patrimoine paysager boisé", "landscape heritage that is a wood", law="L151-19"),
    _psc("07-04", "élément de paysage protégé pour l'écologie",
         "landscape element protected on ecological grounds", law="L151-23, R151-43 5°"),
    _psc("07-05", "élément boisé protégé pour l'écologie",
         "wooded element protected on ecological grounds", law="L151-23, al. 1"),
    _psc("08-00", "terrain cultivé ou non bâti protégé en zone urbaine",
         "cultivated or unbuilt land protected in an urban zone", law="L151-23, al. 2",
         shapes="S"),
    _psc("16-01", "bâtiment pouvant changer de destination en zone A ou N",
         "building that may change destination in A or N", law="L151-11 2°", shapes="SP"),
    _psc("18-00", "orientation d'aménagement et de programmation",
         "development guideline (OAP)", law="L151-6, L151-7", shapes="S"),
    _psc("18-05", "OAP patrimoine, architecture, écologie",
         "guideline on heritage, architecture, ecology", law="L151-6, L151-7", shapes="S"),
    _psc("18-08", "OAP transports", "guideline on transport", law="L151-6, L151-7", shapes="S"),
    _psc("18-12", "OAP renaturation", "guideline on renaturation", law="L151-7 I 4°",
         since=_SINCE_2022, shapes="S"),
    _psc("18-13", "", "", law="L151-6, L151-7", since=None, shapes="S"),
    _psc("18-14", "", "", law="L151-6, L151-7", since=None, shapes="S"),
    _psc("18-15", "OAP trame verte et bleue", "guideline on the green-blue network",
         law="L151-6-2", since=_SINCE_2024, shapes="S"),
    _psc("18-16", "", "", law="L151-6, L151-7", since=None, shapes="S"),
    _psc("19-00", "terrain protégé pour la richesse du sol ou du sous-sol",
         "land protected because of the richness of soil or subsoil", law="R151-34 2°",
         shapes="S"),
    _psc("24-00", "voie, chemin ou transport public à conserver ou créer",
         "way, path or public transport to keep or create", law=_WAYS, shapes="SL"),
    _psc("24-01", "voie à conserver, modifier ou créer", "way to keep, modify or create",
         law=_WAYS, shapes="SL"),
    _psc("24-02", "voie à modifier", "way to modify", law=_WAYS, shapes="SL"),
    _psc("24-03", "voie à créer", "way to create", law=_WAYS, shapes="SL"),
    _psc("24-04", "voie à conserver", "way to keep", law=_WAYS, shapes="SL"),
    _psc("25-00", "continuité écologique, élément de la trame verte et bleue",
         "ecological continuity, element of the green-blue network",
         law="L151-23, al. 2, R151-43 4° et 8°"),
    _psc("28-00", "conditions de desserte", "conditions of access", law="R151-47"),
    _psc("28-01", "conditions de desserte", "conditions of access", law="R151-47"),
    _psc("31-05", "marais, zone humide ou plan d'eau (loi littoral)",
         "marsh, wetland or water body (coast law)", law="L121-23, R121-4 5°"),
    _psc("37-01", "règles de rez-de-chaussée liées au risque d'inondation",
         "ground-floor rules because of flood risk", law="R151-42 4°", shapes="S"),
    *(
        _psc(f"41-{n}", "aspect extérieur : façade, toiture, clôture",
             "external appearance: façade, roof, fence", law="L151-18, R151-41 2°")
        for n in ("00", "01", "02", "03", "98")
    ),
    _psc("42-00", "coefficient de biotope", "biotope coefficient", law="L151-22, R151-43 1°",
         shapes="S"),
    *(
        _psc(f"43-{n}", "espaces libres et plantations", "open spaces and plantings",
             law="R151-43 2°")
        for n in ("00", "01", "02", "03")
    ),
    _psc("48-00", "limitation de l'imperméabilisation", "limit to sealing",
         law="R151-49 2°, R151-43 7°"),
    _psc("48-01", "eaux pluviales et ruissellement", "rain water and run-off",
         law="R151-49 2°, R151-43 7°"),
    _psc("97-00", "périmètre d'une pièce écrite", "perimeter of a written part", law="L151-3",
         shapes=None),
    _psc("97-01", "plan de secteur", "plan of a sector", law="L151-3", shapes=None),
    _psc("99-*", "autre prescription", "other prescription", shapes=None),
)  # fmt: skip

_HERITAGE = "Code du patrimoine L612-1, R612-1, R612-2 ; R151-53"

INFORMATIONS = (
    _inf("03-00", "préemption des espaces naturels sensibles",
         "pre-emption of sensitive natural areas"),
    _inf("04-00", "droit de préemption urbain", "urban pre-emption"),
    _inf("04-01", "droit de préemption urbain", "urban pre-emption"),
    _inf("05-00", "zone d'aménagement différé", "zone of deferred development"),
    _inf("09-00", "périmètre minier (concession, stockage)", "mining perimeter",
         law="Code minier, livres I et II ; R151-53 3°", shapes="S"),
    _inf("10-00", "zone de recherche ou d'exploitation de carrières",
         "zone of quarry research or exploitation", shapes="S"),
    _inf("14-00", "secteur de bruit", "noise sector"),
    _inf("16-00", "site archéologique", "archaeological site",
         law="Code du patrimoine L522-5", shapes="SLP"),
    _inf("19-01", "réseaux", "networks", shapes="SLP"),
    _inf("19-02", "réseaux", "networks", shapes="SLP"),
    _inf("21-00", "projet de plan de prévention des risques", "draft risk prevention plan",
         law="Code de l'environnement L562-2 ; R151-53 9°", shapes="S"),
    _inf("22-00", "", "", shapes="SL"),
    _inf("25-00", "espaces agricoles et naturels périurbains (PAEN)",
         "peri-urban farm and natural space", law="L113-16", shapes="S"),
    _inf("31-00", "périmètre patrimonial excluant certains matériaux ou énergies",
         "heritage perimeter excluding some materials and renewables", law="L111-17", shapes="S"),
    _inf("37-00", "forêt publique", "public forest"),
    _inf("38-00", "secteur d'information sur les sols", "soil information sector"),
    _inf("40-01", "périmètre du bien inscrit au patrimoine mondial",
         "perimeter of the World Heritage property", law=_HERITAGE, shapes="S"),
    _inf("40-02", "zone tampon du bien inscrit au patrimoine mondial",
         "buffer zone of the World Heritage property", law=_HERITAGE, shapes="S"),
    _inf("42-01", "permis de démolir", "demolition permit", since=_SINCE_2022),
    _inf("42-02", "déclaration de clôture", "permit for fences", since=_SINCE_2022),
    _inf("42-03", "déclaration de ravalement", "permit for façades", since=_SINCE_2022),
    _inf("43-00", "obligation de débroussaillement", "duty to clear", since=_SINCE_2022),
    _inf("97-*", "", ""),
    _inf("98-*", "", ""),
    _inf("99-*", "autre information", "other information", shapes="SLP"),
)  # fmt: skip
