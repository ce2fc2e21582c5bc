"""What the command line says, in English and in French."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise

from tvb.messages import Lang, preferred_language
from tvb.messages.typography import Counted

__all__ = ["Lang", "choose_language", "language", "say"]

_FRENCH = {
    "Green-blue network, flood exposure and heritage of the Bassin minier.":
        "Trame verte et bleue, exposition aux inondations et patrimoine du Bassin minier.",
    "Exit codes: 0 done; 1 the data or the study is wrong, or --strict found something; "
    "2 the command is wrong; 130 interrupted. Language: --lang, else TVB_LANG, else the locale.":
        "Codes de retour : 0 fait ; 1 les données ou l'étude sont fausses, ou --strict a trouvé "
        "quelque chose ; 2 la commande est fausse ; 130 interrompu. Langue : --lang, sinon "
        "TVB_LANG, sinon celle du système.",
    "Run a study. Example: tvb run study.toml --layers couches --out resultats.":
        "Faire une étude. Exemple : tvb run study.toml --layers couches --out resultats.",
    "Run the main job on the embedded territory. Example: tvb demo --out out --lang en.":
        "Faire le travail principal sur le territoire embarqué. "
        "Exemple : tvb demo --out out --lang fr.",
    "Rank the habitat graph. Example: tvb connectivity --study study.toml --links lcp.":
        "Classer le graphe d'habitat. "
        "Exemple : tvb connectivity --study study.toml --links lcp.",
    "Count exposed buildings, by every rule. Example: tvb flood --study study.toml.":
        "Compter les bâtiments exposés, par toutes les règles. "
        "Exemple : tvb flood --study study.toml.",
    "List what each commune holds. Example: tvb heritage --study study.toml.":
        "Dire ce que chaque commune contient. Exemple : tvb heritage --study study.toml.",
    "Review a town plan. Example: tvb plu 62637_PLU_20240101.zip --study study.toml.":
        "Relire un plan local d'urbanisme. "
        "Exemple : tvb plu 62637_PLU_20240101.zip --study study.toml.",
    "Draw a plate, or the web map. Example: tvb map --study study.toml --theme graph.":
        "Dessiner une planche, ou la carte web. "
        "Exemple : tvb map --study study.toml --theme graph.",
    "Draw a sheet for each place. Example: tvb atlas --study study.toml --by commune.":
        "Dessiner une planche par lieu. Exemple : tvb atlas --study study.toml --by commune.",
    "Write the dossiers of communes. Example: tvb dossier --study study.toml --commune 62528.":
        "Écrire les dossiers des communes. "
        "Exemple : tvb dossier --study study.toml --commune 62528.",
    "Write the report of the territory. Example: tvb report --study study.toml --epci 200033579.":
        "Écrire le rapport du territoire. "
        "Exemple : tvb report --study study.toml --epci 200033579.",
    "Say what the reader makes of a file. Example: tvb check bati.shp --as buildings.":
        "Dire ce que le lecteur fait d'un fichier. "
        "Exemple : tvb check bati.shp --as buildings.",
    "List the layers, or the columns of one. Example: tvb layers buildings.":
        "Donner les couches, ou les colonnes d'une couche. Exemple : tvb layers buildings.",
    "The study file, TOML.": "Le fichier d'étude, TOML.",
    "Folder of the layers; by default the one the study or TVB_LAYERS names.":
        "Dossier des couches ; par défaut celui que nomme l'étude ou TVB_LAYERS.",
    "Folder of the results.": "Dossier des résultats.",
    "A step to run, with those it needs; may be repeated.":
        "Une étape à faire, avec celles dont elle a besoin ; peut être répété.",
    "Run again what the cache holds.": "Refaire ce que le cache contient.",
    "Steps run at the same time.": "Étapes faites en même temps.",
    "Print errors only.": "N'écrire que les erreurs.",
    "Print one JSON document instead of text.": "Écrire un document JSON au lieu d'un texte.",
    "Language: fr or en.": "Langue : fr ou en.",
    "INSEE code of a commune to keep; may be repeated.":
        "Code INSEE d'une commune à garder ; peut être répété.",
    "Buildings to model in the whole territory.": "Bâtiments à modéliser sur tout le territoire.",
    "Links, instead of those of the study: straight, or over costs.":
        "Liens, au lieu de ceux de l'étude : droits, ou par les coûts.",
    "Counting rule, instead of that of the study.":
        "Règle de comptage, au lieu de celle de l'étude.",
    "What the plate shows.": "Ce que montre la planche.",
    "INSEE code or name of a commune to show.": "Code INSEE ou nom d'une commune à montrer.",
    "File to write; its suffix says the format: pdf, png, svg, or html for the web map.":
        "Fichier à écrire ; son suffixe dit le format : pdf, png, svg, ou html pour la carte web.",
    "What has a sheet.": "Ce qui a une planche.",
    "Town plan of the plate: a delivery, or « modelled » for an invented one.":
        "Plan d'urbanisme de la planche : une livraison, ou « modelled » pour un plan inventé.",
    "What the study is compared with: the folder of another run, touches, centroid, share, "
    "or a distance of dispersal such as 300m.":
        "À quoi l'étude est comparée : le dossier d'un autre calcul, touches, centroid, share, "
        "ou une distance de dispersion telle que 300m.",
    "With --by theme, also write every plate alone: pdf, png or svg; may be repeated.":
        "Avec --by theme, écrire aussi chaque planche seule : pdf, png ou svg ; peut être répété.",
    "Processes that draw.": "Processus qui dessinent.",
    "Any file that tvb reads.": "Tout fichier que tvb sait lire.",
    "Layer it should be: see tvb layers.": "Couche qu'il doit être : voir tvb layers.",
    "Layer inside the file.": "Couche dans le fichier.",
    "CRS of a file that states none.": "Système de coordonnées d'un fichier qui n'en dit pas.",
    "Encoding of its texts.": "Encodage de ses textes.",
    "A layer, to see its columns.": "Une couche, pour voir ses colonnes.",
    "A delivery: folder, zip or GeoPackage; several make a portfolio.":
        "Une livraison : dossier, zip ou GeoPackage ; plusieurs font un portefeuille.",
    "End with exit code 1 if a finding blocks.": "Finir par le code 1 si un constat bloque.",
    "INSEE code or name of a commune; may be repeated. All of them by default.":
        "Code INSEE ou nom d'une commune ; peut être répété. Toutes par défaut.",
    "SIREN of an intercommunality; the whole territory by default.":
        "SIREN d'une intercommunalité ; tout le territoire par défaut.",
    "Format of the dossiers.": "Format des dossiers.",
    "interrupted; the same command takes up where it stopped":
        "interrompu ; la même commande reprend où elle s'est arrêtée",
    "step {} left out: the study has no layer {}":
        "étape {} sautée : l'étude n'a pas de couche {}",
    "files of {} are of an earlier run": "les fichiers de {} viennent d'un calcul plus ancien",
    "{0} step{0:|s}, {1} s of work. See {2}.": "{0} étape{0:|s}, {1} s de travail. Voir {2}.",
    "from the cache": "du cache",
    "extent: {} {} {} {} (EPSG:2154, metres)": "étendue : {} {} {} {} (EPSG:2154, mètres)",
    "key {}": "clé {}",
    "no key": "sans clé",
    "also read as {}": "lu aussi sous {}",
    "written: {}": "écrit : {}",
    "{0} sheet{0:|s}, {1} failed. See {2}.":
        "{0} planche{0:|s}, {1} non produite{1:|s}. Voir {2}.",
    "{}: no sheet: {}": "{} : pas de planche : {}",
    "{0} dossier{0:|s}, {1} failed, {2} already there. See {3}.":
        "{0} dossier{0:|s}, {1} non produit{1:|s}, {2} déjà fait{2:|s}. Voir {3}.",
    "{}: no dossier: {}": "{} : pas de dossier : {}",
    "{}. See « {} --help ».": "{}. Voir « {} --help ».",
    # What typer says on a page of help.
    "Usage: ": "Utilisation : ",
    "COMMAND [ARGS]...": "COMMANDE [ARGUMENTS]...",
    "Arguments": "Arguments",
    "Options": "Options",
    "Commands": "Commandes",
    "{}:": "{} :",
    "Show this message and exit.": "Montrer ce message et finir.",
    "Install completion for the current shell.":
        "Installer la complétion des commandes pour cet interpréteur.",
    "Show completion for the current shell, to copy it or customize the installation.":
        "Montrer la complétion pour cet interpréteur, à copier ou à adapter.",
    "required": "obligatoire",
    "default: {}": "défaut : {}",
    "path": "chemin",
    "str": "texte",
    "int": "entier",
    "int range": "entier",
    "list[str]": "textes",
    "list[Path]": "chemins",
    "; ": " ; ",
    "(key)": "(clé)",
    "the system": "le système",
    "optional": "facultatif",
}  # fmt: skip


def choose_language(words: Sequence[str], environment: Mapping[str, str]) -> Lang:
    """Return the language of a command.

    Parameters
    ----------
    words : sequence of str
        The command as typed: ``--lang fr`` or ``--lang=fr`` anywhere in it.
    environment : mapping of str to str
        ``TVB_LANG``, then the variables of the locale.

    Returns
    -------
    {"en", "fr"}
        English unless French is asked for.
    """
    told = [word.removeprefix("--lang=") for word in words if word.startswith("--lang=")]
    told += [after for word, after in pairwise(words) if word == "--lang"]
    if told:
        return "fr" if told[0].lower().startswith("fr") else "en"
    return preferred_language(environment)


language: Lang = choose_language(sys.argv[1:], os.environ)
"""Language of this process: texts of help are made when the command line is loaded."""


def say(text: str, *values: object) -> str:
    """Return a text in the language of the process.

    Parameters
    ----------
    text : str
        In English.
    *values : object
        What fills its braces; ``{0:|s}`` is what agrees with a whole number, before the bar in the
        singular and after it in the plural.

    Returns
    -------
    str
        In English where there is no translation.
    """
    told = _FRENCH.get(text, text) if language == "fr" else text
    counted = (Counted(v, language) if isinstance(v, int) else v for v in values)
    return told.format(*counted) if values else told
