"""Pure planar helpers: the partition of a territory in communes, and where features lie in it."""

from tvb.geometry.attribution import OUTSIDE, attribute_to_commune, share_by_commune
from tvb.geometry.partition import partition_communes

__all__ = ["OUTSIDE", "attribute_to_commune", "partition_communes", "share_by_commune"]


def __dir__() -> list[str]:
    return sorted(__all__)
