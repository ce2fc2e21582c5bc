"""Town plans: what they hold, what they say of the ground that they cover, and what they forget."""

from tvb.plan import Plan
from tvb.plu.codes import (
    CODE_LISTS,
    INFORMATIONS,
    PRESCRIPTIONS,
    CodePair,
    code_table,
    find_pair,
    fits_list,
    judge_pair,
)
from tvb.plu.coverage import measure_zone_faults
from tvb.plu.declare import Found, Outcome, Rule, Threshold, Words
from tvb.plu.portfolio import (
    Portfolio,
    Reviewed,
    gather_reviews,
    iter_reviews,
    review_portfolio,
)
from tvb.plu.reference import Reference
from tvb.plu.review import FINDING_COLUMNS, STATUSES, Review, review_plan
from tvb.plu.rules import (
    FAMILIES,
    RULES,
    RULES_VERSION,
    THRESHOLDS,
    rules_table,
    select_rules,
    thresholds_table,
)

__all__ = [
    "CODE_LISTS",
    "FAMILIES",
    "FINDING_COLUMNS",
    "INFORMATIONS",
    "PRESCRIPTIONS",
    "RULES",
    "RULES_VERSION",
    "STATUSES",
    "THRESHOLDS",
    "CodePair",
    "Found",
    "Outcome",
    "Plan",
    "Portfolio",
    "Reference",
    "Review",
    "Reviewed",
    "Rule",
    "Threshold",
    "Words",
    "code_table",
    "find_pair",
    "fits_list",
    "gather_reviews",
    "iter_reviews",
    "judge_pair",
    "measure_zone_faults",
    "review_plan",
    "review_portfolio",
    "rules_table",
    "select_rules",
    "thresholds_table",
]


def __dir__() -> list[str]:
    return sorted(__all__)
