"""Chinese places that are named with and without the word for their sort: 北京 and 北京市."""

from __future__ import annotations

from collections.abc import Mapping

_PROVINCES = frozenset(
    """
河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 四川 贵州 云南
陕西 甘肃 青海 台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门
""".split()  # noqa: SIM905 - a name is found faster without its quotes
)
_OF_PROVINCES = ("维吾尔自治区", "壮族自治区", "回族自治区", "特别行政区", "自治区", "省")
_MARKETS = ("超市", "城市", "都市", "股市", "夜市", "集市", "门市", "早市", "菜市", "花市", "上市")


def same_places(counts: Mapping[str, int]) -> dict[str, str]:
    """The levels that name the place of another level, each with the one that is written oftener.

    A base that several sorts of place share (吉林省, 吉林市) is left alone.

    Args:
        counts: Level -> cells that hold it.

    Example:
        >>> same_places({"北京": 20, "北京市": 5, "吉林": 3, "吉林省": 2, "吉林市": 2})
        {'北京市': '北京'}
    """
    full: dict[str, list[str]] = {}
    for level in counts:
        base = _base(level)
        if base in counts:
            full.setdefault(base, []).append(level)
    same = {}
    for base, levels in full.items():
        if len(levels) == 1 and not (base in _PROVINCES and levels[0].endswith("市")):
            often, rare = sorted((base, levels[0]), key=lambda level: -counts[level])
            same[rare] = often
    return same


def _base(level: str) -> str:
    """The name of a place without the word for its sort; "" where there is none."""
    for ending in _OF_PROVINCES:
        base = level.removesuffix(ending)
        if base != level:
            return base if base in _PROVINCES else ""
    base = level.removesuffix("市")
    city = base != level and len(base) >= 2 and not level.endswith(_MARKETS)
    return base if city else ""
