"""What the names of people look like: frequent given names, family names and titles."""

from __future__ import annotations

# frequent given names of many countries; a column of names holds some of them whatever else it
# holds
GIVEN = frozenset(
    """
james john robert michael william david richard joseph thomas charles christopher daniel matthew
anthony mark donald steven paul andrew joshua kenneth kevin brian george edward ronald timothy jason
jeffrey ryan jacob gary nicholas eric jonathan stephen larry justin scott brandon benjamin samuel
frank gregory raymond alexander patrick jack dennis jerry mary patricia jennifer linda elizabeth
barbara susan jessica sarah karen nancy lisa betty margaret sandra ashley kimberly emily donna
michelle carol amanda dorothy melissa deborah stephanie rebecca sharon laura cynthia kathleen amy
angela shirley anna brenda pamela emma nicole helen samantha katherine christine debra rachel
carolyn janet catherine maria jose juan luis carlos jorge pedro manuel antonio francisco miguel ana
carmen isabel lucia sofia pablo diego hans peter klaus jürgen wolfgang thomas andreas stefan martin
ursula monika petra sabine heike anja julia lena jean pierre michel philippe alain nathalie isabelle
sylvie marie françois claude camille louis henri sophie giuseppe giovanni luigi marco paolo andrea
francesca giulia chiara ivan sergey dmitri olga natalia elena tatiana anton mohammed muhammad
mohamed ahmed ali hassan hussein omar fatima aisha khadija ibrahim yusuf mustafa mehmet ayşe raj
rahul amit sanjay vijay anil sunil priya anjali deepa ravi suresh ramesh lakshmi arjun wei li jing
min hiroshi yuki kenji haruto sakura takashi ji-hoon minh nguyen björn lars erik ingrid jan piotr
anna agnieszka owen charlotte
""".split()  # noqa: SIM905 - two hundred quoted words would be harder to read
)
TITLES = frozenset(
    {"mr", "mrs", "ms", "miss", "dr", "prof", "herr", "frau", "mme", "señor", "señora"}
)
CHINESE_FAMILY = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔"
    "钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
