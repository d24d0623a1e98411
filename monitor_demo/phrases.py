"""What people say in the story: phrases put together by dice. All written for this demo; any likeness is chance."""

from __future__ import annotations

import random

CHANNELS = ("电话", "在线", "小程序", "邮件")

_COMPLAINTS = (
    "{p}收到后发现少了一根线,客服让等三天", "{p}外壳有划痕,想换货", "{p}物流一直没更新,什么时候能到",
    "{p}买贵了,前一天刚降价,能不能补差价", "{p}说明书看不懂,按键没反应", "{p}颜色发错了,订的是白色",
    "{p}用了两周插口松动,申请维修", "{p}发票抬头开错了,请重开", "{p}退款申请五天了还没到账",
    "{p}充不进电,换了插头也不行", "{p}续航和宣传不一样,很失望", "{p}客服答非所问,太差",
    "{p} arrived two days late, the box was open", "The {p} has a loose plug, I want a replacement",
)  # fmt: skip
_ENDINGS = ("", ",请尽快处理", ",谢谢", ",已经等了一周", ",订单号在备注里", ",第二次反映了")
_PROMOTION = (
    "大促下单的{p}还没发货", "满减没算上,{p}多付了三十块", "{p}预售尾款付不了优惠", "抢到的{p}被取消订单了",
    "大促赠品没收到,{p}单独发来的", "催发货,{p}活动当天第一时间买的", "{p}活动价和页面不一样,要求补差",
)  # fmt: skip
_SMOKE = (
    "充电宝X1充电时冒烟了,吓得我赶紧拔掉", "充电宝X1鼓包,外壳都顶开了,还能用吗", "X1放在床头充电,半夜闻到焦味,底部烧焦了一块",
    "刚买一个月的充电宝X1鼓包变形", "充电宝X1漏液,书包里的本子都湿了", "充电宝X1充着充着突然冒烟,桌面熏黑了",
    "My power bank X1 is swollen and very hot", "Smoke came out of the X1 power bank while charging",
)  # fmt: skip
_HURT = (
    "充电宝X1起火,手被烫伤,已经去了医院", "X1在包里自燃,孩子手臂烫伤送医", "充电宝X1爆炸,碎片割伤了手,急诊缝了三针",
)  # fmt: skip
_WHERE = ("在办公室", "在宿舍", "在车里", "出差路上", "在家里", "在高铁站", "在学校")
_POSTS = (
    "示例科技这个耳机音质可以啊", "今天收到示例科技的台灯,光很柔和", "有人用过示例科技的充电器吗,求推荐",
    "示例公司新品发布会看了一眼,还行", "示例科技客服回复挺快", "示例科技的数据线又断了,第三根",
    "晒一下我的桌面,示例科技全家桶", "示例科技这次涨价有点多", "ExampleCo earbuds are fine for the price",
    "示例科技的包装比上次好看", "求问示例科技会员怎么取消", "示例科技充电器和苹果兼容吗",
)  # fmt: skip
_SALES = (
    "示例科技大促力度可以,已下单", "蹲到示例科技半价了", "示例科技满300减60,冲", "示例科技大促服务器真稳",
    "示例科技发货太慢,大促就这样", "示例科技赠品好丑但是免费", "示例科技活动规则看不懂", "姐妹们示例科技可以叠券",
)  # fmt: skip
_ALARM = (
    "示例科技的充电宝X1冒烟了,{w},还好人没事", "避雷示例科技充电宝X1,鼓包到合不上盖", "同事的示例科技充电宝{w}突然起火,地毯烧了个洞",
    "示例科技充电宝X1自燃,{w}拍的视频,太吓人了", "有没有人的示例科技X1也漏液的", "示例科技X1 power bank caught fire {w}, watch out",
)  # fmt: skip
_STORM = (
    "看到新闻了,示例科技充电宝起火,我的还在包里……", "示例科技什么时候给说法?充电宝冒烟不是第一次了", "宿舍已经通知不让带示例科技充电宝,说会自燃",
    "示例科技充电宝爆炸视频看得心慌,要求召回", "在用示例科技X1的注意,鼓包的千万别充电", "骗子公司,充电宝都烧焦了还说是个例",
    "愤怒,孩子被示例科技充电宝烫伤,客服还在推诿", "Boycott ExampleCo until they recall the power bank that catch fire",
)  # fmt: skip
_TAILS = ("", "!", ",转给朋友看看", ",大家注意", "……", ",有同款的吗", ",已经联系客服", ",求扩散")
_ARTICLES = (
    ("示例科技发布春季新品", "示例科技今日发布多款数码配件,价格与上代持平。"), ("消费电子行业一季度观察", "多家厂商包括示例科技调整了渠道策略。"),
    ("示例公司与高校共建实验室", "双方将在电源管理方向开展合作。"), ("示例科技门店入驻三座城市", "新店将提供以旧换新服务。"),
    ("示例科技调整售后政策", "保修期内可到店更换配件。"), ("ExampleCo opens a design centre", "The team will work on accessories."),
)  # fmt: skip
FIRST_REPORT = (
    "多名用户称示例科技充电宝X1充电时起火", "记者从多个社交平台看到,近期有用户反映示例科技充电宝X1充电时冒烟、起火,有人被烫伤送医。截至发稿,公司未回应。",
)  # fmt: skip
_REPORTS = (
    ("示例科技充电宝起火事件追踪", "又有{n}名消费者反映示例科技充电宝X1鼓包、冒烟。"), ("高校禁用示例科技充电宝", "{n}所高校通知学生停用示例科技X1,称存在自燃风险。"),
    ("专家:鼓包的充电宝应立即停用", "针对示例科技充电宝起火,专家提醒已有{n}起类似情况。"), ("示例科技客服回应充电宝冒烟:正在核实", "记者致电示例科技,客服称已收到{n}起反馈。"),
)  # fmt: skip
_RECALLED = (
    ("示例科技召回X1充电宝", "示例科技宣布召回约{n}万台X1充电宝,存在起火风险。"), ("市场监管局通报示例科技召回", "示例科技召回X1充电宝,消费者可办理退款。"),
)  # fmt: skip
_BULLETINS = (
    ("关于某品牌儿童玩具的消费提示", "个别批次小零件易脱落,请家长留意。"), ("本市食品安全抽检信息公告", "本期抽检合格率98.7%。"), ("电动自行车产品质量专项整治工作启动", "即日起开展检查。"),
    ("春季消费提示", "网购时请保留凭证。"), ("关于规范直播营销的通知", "平台应落实主体责任。"), ("某企业召回部分批次电饭煲", "因温控器存在缺陷,某电器公司召回部分产品。"),
)  # fmt: skip
INQUIRY = (
    "市场监管部门就充电宝问题约谈示例科技",
    "针对消费者反映的示例科技充电宝X1起火问题,市场监管部门约谈企业,要求说明情况。",
)
RECALL = (
    "示例科技召回部分X1充电宝",
    "示例科技向市场监管部门备案,召回2026年1月至3月生产的X1充电宝,共12.6万台,存在起火风险。",
)


def complaint(dice: random.Random, product: str) -> str:
    """An ordinary complaint."""
    return dice.choice(_COMPLAINTS).format(p=product) + dice.choice(_ENDINGS)


def promotion(dice: random.Random, product: str) -> str:
    """What a promotion day brings."""
    return dice.choice(_PROMOTION).format(p=product) + dice.choice(_ENDINGS)


def smoke(dice: random.Random) -> str:
    """Something is wrong with the power bank."""
    return dice.choice(_SMOKE) + dice.choice(_ENDINGS)


def hurt(dice: random.Random) -> str:
    """Somebody was hurt."""
    return dice.choice(_HURT) + dice.choice(_ENDINGS)


def post(dice: random.Random, *, promotion: bool) -> str:
    """What is said about the brand on a usual day, or while it sells at half the price."""
    said = dice.choice(_SALES if promotion and dice.random() < 0.65 else _POSTS)
    return said + dice.choice(_TAILS)


def alarm(dice: random.Random, *, after: bool) -> str:
    """Posts about the power bank; `after` the press took it up."""
    return dice.choice(_STORM if after and dice.random() < 0.8 else _ALARM).format(w=dice.choice(_WHERE)) + dice.choice(
        _TAILS
    )


def article(dice: random.Random) -> tuple[str, str]:
    """An ordinary article: title and text."""
    return dice.choice(_ARTICLES)


def report(dice: random.Random, *, recalled: bool) -> tuple[str, str]:
    """An article about the power bank."""
    title, text = dice.choice(_RECALLED if recalled else _REPORTS)
    return title, text.format(n=dice.randrange(3, 30))


def bulletin(dice: random.Random) -> tuple[str, str]:
    """What a regulator publishes about others."""
    return dice.choice(_BULLETINS)
