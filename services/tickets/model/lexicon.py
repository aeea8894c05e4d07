# ruff: noqa: E501  a pattern is one line of data
"""Which words speak for which problem, and how loudly: (points, pattern) over the plain text of `wording`.

A pattern speaks once, however often it is found. 3 points name a thing, 4 to 6 a fault, 8 and more leave no doubt.
A category stands for its things, `category/problem` for what is wrong with them.
"""

# Nothing burns and no gas escapes where these are named: they are blanked before the emergencies are looked for.
HARMLESS = (
    r"(打|点)不着火|油烟|抽烟|吸烟|烟头|二手烟|烟味|烟花|戒烟|禁烟|防火|防烟|灭火|火警电话|烟感|烟雾报警|烟囱"
    r"|(煤气|燃气|天然气)(灶|表|公司|卡|费|炉|热水器|改造|开通|安检)|燃气管道改造|不是(煤气|燃气|天然气)"
    r"|gas (stoves?|meters?|cookers?|bills?|boilers?|company|cards?|grills?)|smoking|smokers?|fireworks?"
    r"|fire (doors?|drills?|extinguishers?|hydrants?|exits?|escapes?|lanes?|routes?|hoses?|safety|stairs?|panel|equipment)"
    r"|(fire|smoke) (alarms?|detectors?|sensors?)|cigarettes?( smoke)?|second-?hand smoke|barbecue smoke"
)
DENIED = r"(没有?|无|未|并未|不是)(人|有人|任何人)?(被)?$|\b(no|not|nobody|no one|without|isn't|nobody is|no one is|noone is)( \w+ing)? $"

LIFT = r"(电梯|升降梯|轿厢|梯控|\blifts?\b|\belevators?\b)"
LIGHT = r"(照明|路灯|灯)"
DOOR = r"(单元门|入户门禁|门禁|大门|玻璃门|闭门器|防盗门|楼门|铁门|大堂门)"
DRAIN = r"(马桶|下水道?|地漏|厕所|水池|水槽|洗手池|洗菜池|洗手盆|蹲坑|排水口?|污水管|排污管|厨房|卫生间|管道|管)"
ENDRAIN = r"(toilet|drain|sink|sewer|shower|pipe|bathtub)"

EMERGENCIES = {
    "ELV/trapped": [
        (12, r"困(?!难|扰|惑|境)|(关|卡|锁)在.{0,3}(电梯|轿厢|里面|里头)|(电梯|轿厢).{0,14}(出不来|出不去|打不开门|门打不开|开不了门)"),
        (12, r"\btrapped\b|\b(stuck|locked|shut) (in|inside) (the |an |our |this )?(lift|elevator)|can'?t get out|cannot get out|(lift|elevator).{0,30}(people|someone|somebody|person|kid|child|man|woman|mother) (are |is )?(still )?(inside|stuck)"),
    ],
    "PLB/burst": [
        (10, r"爆管|爆裂|(水|管|阀|龙头|接头|软管|角阀).{0,5}(爆了?|炸|崩了?|断了|断裂|脱开)|喷水|水柱|往外喷|喷得|喷涌|狂喷|水漫金山|(家里|客厅|屋里|房间|地下室|车库|走廊|厨房).{0,4}(被淹|淹了|全是水|进水了)"),
        (10, r"\bburst(ing|ed)?\b|gush(ing|es|ed)?|spray(ing|s)? (water|everywhere)|water (is )?(spraying|shooting|pouring)|flood(ing|ed)?\b|under water\b"),
    ],
    "FIR/fire": [
        (12, r"着火|起火|失火|火灾|着起来|烧起来|烧着|冒.{0,2}烟|浓烟|黑烟|烟雾很大|焦糊?味|烧焦|糊味|明火|火苗|火光|自燃|冒火(?!花)"),
        (12, r"\bon fire\b|\bflames?\b|\bsmoke\b|\bcaught fire\b|\bburning\b|\bsmell.{0,12}burn|^fire\b|\bfire (in|at|on)\b|\bthere'?s a fire\b|\bthere is a fire\b"),
    ],
    "FIR/gas_smell": [
        (12, r"(燃气|煤气|天然气|瓦斯|液化气|管道气).{0,9}(味|泄漏|漏|臭|泄)|(漏|泄漏|闻到|闻着|一股).{0,3}(燃气|煤气|天然气|瓦斯|液化气)|漏气|臭鸡蛋味"),
        (12, r"\bgas (leak|smell|odou?r)|smells?.{0,14}\bgas\b|leak\w*.{0,5}\bgas\b|\bgas\b.{0,20}leak|rotten eggs?"),
    ],
    "ELC/shock": [
        (10, r"漏电|触电|电到(了|人)|电了(一下|我)|被电(了|到|击)|麻手|带电|打火花|冒火花|火花|电线.{0,6}(裸露|露出|掉|断|垂)"),
        (10, r"electric shock|electrocut|got (a )?shock|\bshock(ed|s)? (me|him|her|my)|live wire|bare wire|exposed wir|wires?.{0,15}(hanging|exposed)|\bspark(s|ing)?\b"),
    ],
}  # fmt: skip

FAULTS = {
    "ELV": [(4, LIFT)],
    "ELV/stopped": [
        (5, LIFT + r".{0,14}(停了|停运|停用|停在|停住|不动|坏|不走|不上|不下来?|用不了|不能用|不工作|没反应|故障|罢工|歇|不运行|瘫痪|不来)|停梯|(坏|停)了?.{0,3}电梯"),
        (5, LIFT + r".{0,25}(\bdown\b|stop|not (work|mov|run|com)|n't (work|mov|com|run)|out of (order|service)|broke|dead|fault)|(broken|stopped|no) (lift|elevator)"),
    ],
    "ELV/noise": [
        (6, LIFT + r".{0,14}(异响|怪声|响|噪音|吱|咯|咣|嗡|抖|晃|震动|顿|抖动)"),
        (6, LIFT + r".{0,30}(nois|rattl|squeak|shak|grind|bang|vibrat|jerk|screech|clunk)|(nois|rattl|squeak|grind|bang|shak)\w*.{0,25}(lift|elevator)"),
    ],
    "ELV/button": [(7, r"(电梯|楼层|呼梯|外呼|轿厢).{0,8}(按钮|按键|按不|键)|按钮.{0,8}(失灵|没反应|不亮|坏|按不)|\bbuttons?\b")],
    "PLB": [
        (3, r"水管|龙头|马桶|下水|地漏|水压|自来水|水表|角阀|阀门|水箱|暖气片|热水器|洗手池|洗菜池|冲水|花洒"),
        (3, r"\bpipes?\b|\btaps?\b|faucet|toilet|\bdrains?\b|\bsinks?\b|plumb|\bwater\b|valve|cistern|shower|sewage"),
    ],
    "PLB/leak": [
        (5, r"漏水|渗水|滴水|漏个不停|滴滴答答|漏到|往下漏|(水管|龙头|阀|接头|马桶|水箱|天花板|吊顶|楼上|管道|水表|暖气|热水器|花洒|软管|卫生间|厨房).{0,8}(漏|滴|渗)"),
        (5, r"\bleak\w*|\bdrip\w*|\bseep\w*|water (is )?coming (through|from|out|down)|water stains?"),
    ],
    "PLB/blocked_drain": [
        (7, DRAIN + r".{0,8}(堵|不通|塞住)|堵.{0,2}(马桶|下水|管|厕所)|下不去水?|(下水|排水|水).{0,6}(很慢|下得慢|流不走|排不出|排不掉)|反水|返水|倒灌|返上来|反上来|(污水|粪水).{0,8}(溢|冒|流)|通(一下)?(马桶|下水|管道)|疏通"),
        (7, ENDRAIN + r"s?.{0,25}(block|clog|slow|back(s|ed|ing)? up|overflow|won'?t (flush|drain)|not drain|not flush)|(block|clog)\w*.{0,18}" + ENDRAIN + r"|sewage|unclog|won'?t (flush|drain)"),
    ],
    "PLB/low_pressure": [(7, r"水压|水流.{0,3}(小|细|弱)|水(很|太|特别|非常|越来越|一直|好)(小|细)|出水.{0,4}(小|慢)|(low|no|weak|poor|bad) (water )?pressure|water pressure|trickl\w*|weak (flow|stream)|pressure.{0,20}(low|weak|drop)")],
    "PLB/no_water": [(8, r"停水|断水|没有?水(了|用|啊|呀)?|没有?自来水|水.{0,3}没来|(龙头|家里|整栋|全楼|单元).{0,6}(不出水|没水)|不出水|\bno (running |hot |cold |tap )?water\b|water (is |has been )?(cut|off|shut off|gone|stopped)|without water|water supply")],
    "PLB/water_quality": [
        (8, r"水质|黄水|浑水|黑水|锈水|红虫|(自来水|水|龙头).{0,8}(发黄|黄的|浑|发黑|发红|有?铁?锈|有杂质|有沙|泡沫|漂白粉|不干净|有异味|有.{0,2}味道|是黄|沉淀)|"
            r"(brown|yellow|rusty|cloudy|dirty|muddy|discolou?red) (tap )?water|water.{0,25}(brown|yellow|rust|smell|dirty|cloudy|tast|murky|chlorine|sand)"),
    ],
    "ELC": [(3, r"电路|电线|电闸|配电|供电|电表|照明|灯|插座|开关|空开|线路|\bpower\b|electric\w*|\bsockets?\b|\blights?\b|\bwir(es?|ing)\b|\bbulbs?\b|\blamps?\b|outlet")],
    "ELC/outage": [
        (7, r"停电|断电|没有?电(了|啊|呀|，|。|,|$)|没来电|(整栋|全楼|单元|家里|一片|整层|屋里|楼).{0,6}(没|无|断|停).{0,1}电|黑灯瞎火"),
        (7, r"\bno (power|electricity)|power (cut|outage|is out|went out|has gone|off|failure|is off|gone)|blackout|without (power|electricity)|electricity (is |has |went )?(out|off|gone|cut)|lost power"),
    ],
    "ELC/tripping": [(8, r"跳闸|跳电|空开.{0,6}(跳|合不|推不)|(闸|保险).{0,4}(跳|合不上|推不上|烧)|推不上去|\btrip(s|ped|ping)?\b|breakers?|\bfuses?\b|circuit")],
    "ELC/corridor_light": [
        (7, LIGHT + r".{0,8}(不亮|坏|灭了?|闪|暗|熄|不闪|瞎|不工作|常亮|一直亮)|(楼道|走廊|楼梯间?|过道|大堂|车库|路|电梯厅|门厅).{0,8}(灯|黑漆漆|太黑|黑乎乎|很黑|漆黑|没灯|一片黑)|声控灯|感应灯|灯泡|没有灯"),
        (7, r"\b(lights?|lamps?|bulbs?)\b.{0,30}(\bout\b|\boff\b|broken|flicker|dead|not (work|on|com)|n't (work|com|turn)|burnt|gone|fail)|(no|broken|dead|flickering) (lights?|lamps?)|(corridor|hallway|stairwell|stairs|lobby|street|landing|garage|staircase|basement).{0,18}(lights?|lamp|dark)|light bulb|pitch (dark|black)"),
    ],
    "ELC/dead_socket": [(7, r"插座|插头|插孔|\bsockets?\b|\boutlets?\b|power point|\bplugs?\b")],
    "FIR": [(4, r"消防|灭火器|消火栓|消防栓|烟感|喷淋|应急灯|疏散|逃生|\bfire\b|smoke (detector|alarm|sensor)|hydrant|extinguisher|sprinkler|emergency exit")],
    "FIR/false_alarm": [
        (8, r"误报|(烟感|报警器?|烟雾|火警|消防|警铃|警报).{0,10}(一直响|响个|乱响|响了|在响|乱叫|叫个|误|自己响|又响|响不停|滴滴)"),
        (8, r"(fire|smoke).{0,3}(alarm|detector|sensor)s?.{0,35}(beep|going off|went off|goes off|ring|false|sound|chirp|keep|no reason)|false alarm|alarm (bell )?(keeps|rings|ringing|goes)"),
    ],
    "FIR/hydrant_parts": [(8, r"消火栓|消防栓|消防箱|水带|水枪头|灭火器.{0,8}(过期|没|缺|不见|丢|压力|失效|空|少|被|坏)|(没有|缺|少).{0,3}灭火器|hydrant|fire hose|hose (reel|cabinet)|extinguishers?")],
    "FIR/blocked_escape": [
        (8, r"(消防|安全|疏散|逃生|楼梯).{0,2}(通道|出口|门|间|道|梯|口).{0,12}(堵|占|堆|锁|挡|放|停)|(堆|放|摆)(了|满|着)?.{0,8}(杂物|纸箱|鞋柜|电动车|自行车).{0,8}(通道|楼道|楼梯|走廊)|(通道|楼道|楼梯间?|走廊).{0,10}(堆|摆|放|停).{0,10}(杂物|纸箱|鞋柜|电动车|自行车|东西|旧家具|货|满)|占用.{0,3}消防|消防车?(通)?道.{0,8}(停|占|堵)"),
        (8, r"(escape|\bexits?\b|stairwells?|staircase|stairs|fire (door|lane|route|exit)s?|corridor|hallway).{0,35}(block|lock|obstruct|pile|stuff|chain|clutter|full of|boxes|stored)|(block|obstruct|boxes|clutter|junk|bikes?|scooters?).{0,25}(escape|\bexit\b|fire (door|lane|route)|stairwell|staircase|stairs)"),
    ],
    "SEC": [(3, r"门禁|单元门|大门|对讲|道闸|监控|摄像头|刷卡|门卡|刷脸|人脸识别|门锁|安防|\bintercom\b|cameras?|cctv|barrier|access (card|control)|\bfobs?\b|\bdoors?\b|entry (phone|system)")],
    "SEC/door_open": [
        (7, DOOR + r".{0,12}(关不|不关|关闭不|锁不|坏|敞|没关|合不|打不开|开不|不自动|失灵|没反应|刷不|吸不|常开|一直开)|门.{0,3}(关不上|关不严|锁不上)|刷(卡|脸).{0,8}(没反应|不了|失败|进不|不开|无效)|门卡.{0,8}(失效|不能|刷|坏|消磁|没用)|人脸(识别)?.{0,6}(不|没|失败)"),
        (7, r"\bdoors?\b.{0,35}(open|clos|\block|shut|broken|latch|stuck|ajar|swing|jam)|(key ?)?(card|fob)s?.{0,25}(not|n't|stopped|reject|fail|read)|face recognition"),
    ],
    "SEC/intercom": [(8, r"对讲|可视门铃|门铃|呼叫机|intercom|door ?phone|buzzer|doorbell|entry ?phone")],
    "SEC/gate": [(8, r"道闸|抬杆|起杆|落杆|栏杆.{0,6}(不|砸|坏|抬|起)|升降杆|(杆|闸).{0,6}(不抬|不起|砸)|车牌.{0,8}(识别|不认|认不)|识别不了?车牌|(车库|停车场)(门|入口|出口).{0,6}(打不开|不开|坏)|barrier|boom gate|(parking|vehicle|car|garage) gate|gate arm|number ?plate|licen[cs]e plate|\bgate\b.{0,25}(not|n't|stuck|broken|won't)")],
    "SEC/camera": [(8, r"监控|摄像头?|探头|cameras?\b|\bcctv\b|surveillance")],
    "CIV": [(3, r"墙|屋顶|屋面|楼顶|天花板|地砖|瓷砖|防水|开裂|裂缝|台阶|路面|窗台|扶手|栏板|\bwalls?\b|\broof\b|ceiling|\btiles?\b|\bcracks?\b|plaster|facade|façade|pavement|paving|\bsteps?\b|handrail")],
    "CIV/roof_leak": [
        (8, r"(屋面|屋顶|楼顶|天台|顶楼|外墙|露台|飘窗|窗户|窗台|窗框|顶层|墙).{0,10}(漏|渗|返潮|发霉|进水|湿)|(下雨|雨天|大雨|暴雨|一下雨|雨后).{0,14}(漏|渗|进水|滴|湿)|(漏|渗)雨|防水层?.{0,6}(坏|失效|老化|重做)"),
        (8, r"\broof.{0,30}(leak|drip|water|damp)|(leak|drip|damp|water|seep)\w*.{0,35}(\broof|\brain|storm)|\brain\w*.{0,35}(leak|drip|com|seep|water|wet|damp)|top floor.{0,25}(leak|damp|water)|(window|wall)s?.{0,15}(damp|seep|mou?ld)"),
    ],
    "CIV/falling_wall": [
        (8, r"(外墙|墙皮|墙砖|墙面砖?|瓷砖|保温层?|玻璃|水泥块?|墙体|涂料|石材|装饰条|天花板|吊顶|幕墙).{0,8}(脱落|掉|坠|剥落|松动|空鼓|砸|塌|摇摇欲坠)|掉(下来)?.{0,4}(墙皮|瓷砖|水泥|砖)|高空坠物"),
        (8, r"(facade|façade|wall|plaster|cladding|bricks?|concrete|render|insulation|ceiling|glass|panel).{0,30}(fall|fell|com(ing|e|es) (off|down|loose)|loose|drop|peel|collaps)|(fall|drop)\w* (off|from) the (wall|facade|building)"),
    ],
    "CIV/broken_tile": [
        (7, r"(地砖|地面|石板|路面|地板砖|台阶|路砖|人行道|井盖|沥青|水泥路|石材|花岗岩|砖).{0,8}(破|裂|碎|翘|松|坏|凹|坑|塌|不平|缺|陷|断)|绊(倒|了|脚)|坑洼|路(面)?有个?.{0,2}坑"),
        (7, r"(paving|floor tiles?|tiles?|pavement|steps?|slabs?|path|road|manhole|kerb|curb|walkway).{0,25}(broken|crack|loose|uneven|chip|missing|sunk|sink|hole|wobbl)|(broken|cracked|loose|missing|uneven) (floor |paving |lobby )?(tiles?|slabs?|steps?|pavement|manhole)|potholes?|tripped over"),
    ],
    "PUB": [(3, r"健身|滑梯|秋千|充电桩|信报箱|凉亭|长椅|座椅|儿童乐园|游乐|乒乓球台|篮球|公共设施|playground|\bgym\b|\bbench(es)?\b|mail ?box|swings?\b|pavilion|basketball")],
    "PUB/slide": [(8, r"滑梯|滑滑梯|秋千|跷跷板|儿童(乐园|游乐|设施|区)|游乐(场|设施)|\bslides?\b|playground|\bswings?\b|see-?saw|climbing frame")],
    "PUB/fitness": [(8, r"健身(器|房|区|设施|路径)|跑步机|漫步机|单杠|双杠|器材|扭腰|乒乓球台|篮筐|fitness|treadmill|\bgym\b|exercise (bike|equipment|machine)|pull-?up bar|workout|elliptical")],
    "PUB/charger": [(8, r"充电(桩|站|枪|口|棚|柜|器|线|位)|(电动车|电瓶车|新能源车?|汽车).{0,8}(充|充电)|充不(上|进|了)电|扫码.{0,6}充|charging|chargers?\b|\bev\b")],
    "PUB/mailbox": [(8, r"信报箱|信箱|报箱|邮箱|mail ?box(es)?|letter ?box(es)?|post ?box")],
    "ENV": [(3, r"卫生|保洁|打扫|垃圾|脏|臭|虫|老鼠|绿化|草坪|树|花坛|清洁|\bclean\w*|rubbish|trash|garbage|\btrees?\b|lawn|\bgarden\b|gardeners?|litter")],
    "ENV/dirt": [(6, r"脏|(没人?|不|没有人?|几天没)(打扫|拖|扫|清理|清扫|保洁|清洗|擦)|保洁|污渍|积水|灰尘|积灰|狗屎|狗便|尿|呕吐|油污|泥|卫生(差|太差|不好|很差|没)|\bdirty|filthy|not (been )?(clean|mopp|swept)\w*|n't (been )?(clean|mopp|swept)\w*|stains?\b|dust\w*|\bmud\w*|unclean|vomit|puddles?|sticky|dog (poo|mess|poop)|urine|cleaners?|needs? (a )?(clean|mop)\w*")],
    "ENV/rubbish": [(8, r"垃圾|厨余|废品|废弃|建筑渣|rubbish|trash|garbage|\bbins?\b|litter\w*|\bdumpster|\bdumped|debris")],
    "ENV/smell": [(6, r"异味|臭|恶臭|难闻|怪味|下水道味|馊|骚味|腥味|烟味|油烟|\bstink\w*|stench|smell\w*|odou?rs?\b|reek\w*|foul")],
    "ENV/pests": [(8, r"老鼠|蟑螂|白蚁|蚊子?|虫|苍蝇|马蜂|蜂窝|鼠患|蚂蚁|灭鼠|消杀|\brats?\b|\bmouse\b|\bmice\b|cockroach\w*|\broach\w*|termites?|mosquito\w*|\bpests?\b|\bwasps?\b|\bants?\b|insects?|\bbugs?\b|\bflies\b|hornets?|rodents?|\bbees?\b")],
    "ENV/greenery": [(7, r"绿化|草坪|杂草|草(太|很|长|都)|树(枝|木|叶|倒|太|挡|都|死)?|枯|花坛|灌木|修剪|绿植|花草|草皮|浇水|\btrees?\b|branch\w*|lawns?|\bgrass\b|hedges?|\bweeds?\b|\bplants?\b|\bbush\w*|prun\w*|flower ?beds?|leaves")],
    "ORD": [(3, r"噪音|噪声|扰民|违停|乱停|宠物|遛狗|高空抛物|秩序|打架|群租|推销|nois\w*|park(ed|ing)\b|\bdogs?\b|neighbou?rs?\b|upstairs")],
    "ORD/noise": [
        (7, r"噪(音|声)|吵|扰民|(装修|施工|电钻|楼上|隔壁|邻居|邻家|广场).{0,12}(响|吵|声|钻|敲|跳|蹦|弹|跑)|(半夜|凌晨|深夜|晚上|午休|大清早|一早).{0,14}(响|声|跳|唱|吵|敲|打麻将|弹|钻|装修|施工)|音响|广场舞|打麻将|卡拉ok|大声|音乐"),
        (7, r"\bnois\w*|\bloud\w*|\bparty\b|\bmusic\b|drilling|hammering|banging|shouting|karaoke|stomping|renovation|construction|jackhammer|piano|quiet hours|mahjong"),
    ],
    "ORD/parking": [
        (8, r"违停|乱停|违章停|(占|停).{0,5}(车位|车道|门口|道上|路边|绿化带|通道上)|(车|有人).{0,6}(占了?|停在).{0,4}(我|别人|车位)|车位|停车|僵尸车|挡(住|了|着)?.{0,4}(车|路|门|库|出口|入口|道)|堵(住|了|着)?.{0,4}(车|库|门口|出口|入口)|挪车"),
        (8, r"\bpark(ed|s|ing)?\b|blocking (my|the|our) (car|driveway|garage|gate|way)|double-?park\w*|my (parking )?(space|spot|bay)|\bvisitor cars?"),
    ],
    "ORD/falling_objects": [
        (10, r"高空抛物|(楼上|窗户|阳台|高层|住户|有人).{0,8}(扔|抛|丢|倒).{0,6}(下|东西|烟头|垃圾|水|瓶|袋|鸡蛋|纸)|往(楼)?下(扔|丢|抛|倒|泼)|(扔|丢|抛)(下来|下去|下楼)"),
        (10, r"thr(ow|ew|own|ows|owing).{0,35}(window|balcon|above|upstairs|floor|\bdown\b|out)|(toss|chuck|drop|dump)\w*.{0,25}(window|balcon|from above|upstairs)|(window|balcon)\w*.{0,12}(thr|toss|drop)\w*|(bottle|egg|butt)s?.{0,20}(from above|fell from|out of the window)"),
    ],
    "ORD/pets": [(8, r"狗|遛|猫|犬|宠物|牵绳|鹦鹉|\bdogs?\b|\bcats?\b|\bpets?\b|bark\w*|leash\w*|puppy|stray")],
    "CMP": [(2, r"投诉|不满|complain\w*|unacceptable|disappointed")],
    "CMP/attitude": [(8, r"态度|骂(人|我)|不耐烦|爱理不理|没礼貌|凶(巴巴|我|得)|推诿|踢皮球|不讲理|辱骂|冷漠|翻白眼|挂.{0,2}电话|\brude\w*|attitude|impolite|(shout|yell|swore|scream)\w* at|disrespect\w*|hung up|insult\w*|unfriendly|dismissive|arrogant")],
    "CMP/slow": [
        (6, r"(没人|一直没|还没|迟迟|至今|拖|仍未|总是没|就是没).{0,8}(处理|来|回复|修|管|解决|反馈|答复)|等了.{0,8}(天|周|小时|久|月|星期)|(报修|反映|投诉|打电话|报了).{0,10}(没|多次|几次|好几|无人|石沉)|处理.{0,3}(太|很|这么)?慢|效率.{0,3}(低|差)|不了了之|(几|多|三|两|五)(次|遍).{0,6}(没|无)"),
        (6, r"(no ?(one|body)) (has )?(come|came|respond\w*|answer\w*|show\w*|repl\w*|called)|waiting (for )?(over |more |since |two|three|a |\d)|\bstill (waiting|nobody|no one|no answer|no reply)|ignored|too (slow|long)|never (came|show|call|repl|respond)\w*|so slow|how (much )?long\w*|weeks? ago|days ago|(two|three|four|\d) times"),
    ],
    "CMP/fees": [(10, r"物业费|收费|乱收|多收|费用|账单|发票|收据|公摊|缴费|扣费|停车费|水电费|退款|押金|涨价|欠费|催缴|\bfees?\b|overcharg\w*|charged\b|\bbills?\b|billing|invoices?|refunds?|deposit|receipts?|double-?charg\w*")],
    "SUG": [(3, r"建议|希望|能不能|可否|能否|可不可以|是否可以|提议|提个|最好(能|是)|应该(增|加|装|设)|增设|加装|suggest\w*|propos\w*|would (be|love)\b|could (you|we)|please (add|install|consider)|how about|\bwish\b|it would|can we (have|get)|why not|ideas?\b|extend\w*")],
    "SUG/parcel_locker": [(8, r"快递柜|丰巢|菜鸟|快递|驿站|取件|parcels?|packages?|lockers?|deliver(y|ies)|courier")],
    "SUG/gate_hours": [(8, r"门岗|(侧门|小门|北门|南门|东门|西门|后门|大门|偏门).{0,10}(延长|开到|早点?|晚点?|时间|点关|开放|几点|关门)|保安.{0,6}(延长|时间|值到)|(gate|entrance|security desk|guard).{0,35}(hours|open (later|until|till|longer|earlier)|close (later|so early)|later|24|longer|midnight)|(longer|later|extend\w*).{0,20}(gate|guard)")],
}  # fmt: skip

URGENT = r"紧急|马上|立刻|赶紧|尽快派|快来|急!|急急|十万火急|很急|危险|漏到楼下|淌到楼下|淹|老人.{0,6}(摔|上不去|下不)|urgent\w*|asap|immediately|right now|dangerous|emergency|hurry|please come (now|quick)"
