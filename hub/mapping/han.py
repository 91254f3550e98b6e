"""Chinese names in characters: where the family's name ends, and how a character is read as one. Pure."""

from __future__ import annotations

import re

_NAME = re.compile(r"[\u4e00-\u9fff]{2,4}")
_FAMILIES = frozenset(
    "王李张張刘劉陈陳杨楊黄黃赵趙周吴吳徐孙孫朱马馬胡郭林何高罗羅郑鄭梁谢謝宋唐许許邓鄧冯馮韩韓曹曾彭萧蕭肖蔡潘田董袁于余叶葉蒋蔣杜苏蘇"
    "魏程吕呂丁沈任姚卢盧傅钟鍾姜崔谭譚廖范汪陆陸金石戴贾賈韦韋夏邱方侯邹鄒熊孟秦白江阎閻薛尹段雷黎史龙龍陶贺賀顾顧毛郝龚龔邵万萬钱錢"
    "严嚴赖賴覃洪武莫孔汤湯向常温溫康施文牛樊葛邢安齐齊易乔喬伍庞龐颜顏倪庄莊聂聶章鲁魯岳翟殷詹申欧歐耿关關兰蘭焦俞左柳甘祝包宁寧尚符舒"
    "阮柯纪紀梅童凌毕畢单單季裴霍涂成苗谷盛曲翁冉骆駱蓝藍路游辛靳管柴蒙鲍鮑华華喻祁蒲房滕屈饶饒解牟艾尤阳陽时時穆农農司卓古吉缪繆简簡"
    "车車项項连連芦蘆麦麥褚娄婁窦竇戚岑景党黨宫宮费費卜冷晏席卫衛米柏宗瞿桂全佟应應臧闵閔苟邬鄔边邊卞姬师師和仇栾欒隋商刁沙荣榮巫寇桑郎"
    "甄丛叢仲虞敖巩鞏明佘池查麻苑迟遲邝鄺"
)
_COMPOUND = frozenset(
    {"欧阳", "歐陽", "司马", "司馬", "上官", "诸葛", "諸葛", "夏侯", "皇甫", "尉迟", "尉遲", "公孙", "公孫"}
    | {"慕容", "令狐", "端木", "东方", "東方", "南宫", "南宮", "独孤", "獨孤", "司徒", "轩辕"}
)
_READ_AS = {
    "曾": "zeng", "仇": "qiu", "解": "xie", "单": "shan", "單": "shan", "查": "zha", "盖": "ge", "区": "ou",
    "翟": "zhai", "缪": "miao", "繆": "miao", "冼": "xian", "员": "yun", "秘": "bi", "繁": "po", "种": "chong",
    "尉迟": "yuchi", "尉遲": "yuchi", "乐": "yue", "朴": "piao",
}  # fmt: skip
"""Characters that are read otherwise where they are a family's name."""


def split(full: str) -> tuple[str, str] | None:
    """Family's and given name of a name in two to four characters that begins with a Chinese family's; else None."""
    if full.isascii() or not _NAME.fullmatch(full):
        return None
    if len(full) > 2 and full[:2] in _COMPOUND:
        return full[:2], full[2:]
    return (full[0], full[1:]) if full[0] in _FAMILIES and len(full) < 4 else None


def family_read(last: str) -> str:
    """A family's name as it is read, where it is a character that is read otherwise elsewhere; else as it is."""
    return _READ_AS.get(last, last)
