"""Web maps: one HTML file each, with everything in it."""

from tvb.maps.web.document import WebMap, build_web_map
from tvb.maps.web.layers import WebLayer
from tvb.maps.web.themes import WebOptions, web_map

__all__ = ["WebLayer", "WebMap", "WebOptions", "build_web_map", "web_map"]
