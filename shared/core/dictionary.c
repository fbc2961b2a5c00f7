/* dictionary.c - the preset zlib dictionary xunge-1.
 *
 * Words that the schema, the public catalogues of urban management (components
 * and events) and everyday reports of grid workers are made of; what is most
 * likely stands last, where a reference to it is shortest. It is part of the
 * format: not one byte of it may ever change. tests/unit/test_batch.c holds
 * its SHA-256.
 */
#include "shared/core/batch.h"

/* Places, trades and things, as the public catalogues name them. */
#define THINGS                                                               \
    "上水井盖污水井盖雨水井盖雨水箅子电力井盖路灯井盖通信井盖热力井盖燃气井盖" \
    "公安井盖消防设施无主井盖通信交接箱电力设施立杆路灯地灯景观灯报刊亭电话亭" \
    "邮筒信息亭自动售货机健身设施变压器燃气调压站监控电子眼公共厕所化粪池"     \
    "垃圾间垃圾楼垃圾箱果皮箱灯箱霓虹灯广告牌匾环保监测站高压线铁塔停车场"     \
    "停车咪表公交站亭出租车站牌过街天桥地下通道交通标志牌交通信号灯交通护栏"   \
    "存车支架路名牌道路信息显示屏古树名木行道树护树设施花架花钵绿地雕塑街头"   \
    "座椅绿地护栏绿地维护设施喷泉宣传栏人防工事公房地下室重大危险源工地水域"   \
    "附属设施防洪墙私搭乱建暴露垃圾积存垃圾渣土道路不洁水域不洁绿地脏乱废弃"   \
    "车辆废弃家具设备非装饰性树挂道路破损河堤破损道路遗撒建筑物外立面不洁"     \
    "擅自饲养家禽家畜施工扬尘油烟污染动物尸体清理露天烧烤焚烧垃圾树叶施工废弃" \
    "料占道废品收购占道经营店外经营无照经营游商机动车乱停放非机动车乱停放乱堆" \
    "物堆料商业噪音施工扰民违章接坡非法小广告违章张贴悬挂广告牌匾街头散发广告" \
    "自来水管破裂燃气管道破裂热力管道破裂下水道堵塞路面塌陷群发性事件矛盾纠纷" \
    "邻里噪声宅基地相邻权采光通风漏水赔偿物业服务停车位劳动报酬工资拖欠合同"   \
    "押金借款债务婚姻家庭赡养抚养继承土地承包征地拆迁医患消费损害赔偿养犬宠物" \
    "餐馆饭店小吃店超市便利店理发店美容院棋牌室网吧歌厅旅馆宾馆民宿出租屋群租" \
    "房培训机构学校幼儿园托管班养老院医院诊所药店银行快递网点物流仓库加油站"   \
    "汽修厂洗车行五金建材商店家具店服装店菜市场农贸市场屠宰场食品加工作坊废品" \
    "回收站工厂车间建筑工地写字楼商场居民小区社区居委会村委会网格党群服务中心"

/* What happens, who is there, what is done. */
#define ACTS                                                                 \
    "独居老人空巢老人留守儿童残疾人低保户困难群众退役军人信访人员刑满释放人员" \
    "社区矫正人员吸毒人员精神障碍患者流动人口租户房东业主住户店主老板负责人"   \
    "员工保安物业经理施工单位当事人双方居民群众反映称表示承认否认同意不同意"   \
    "情绪激动配合不在家电话联系现场查看入户走访登记拍照取证口头警告告知劝导"   \
    "劝离宣传讲解发放整改通知书限期整改责令停业要求立即当日三日内整改完毕复查" \
    "回访上报街道社区派出所民警城管执法中队消防救援大队市场监管所环卫部门供电" \
    "公司自来水公司燃气公司住建局交警应急管理综治中心建议协调处理移交转办跟踪" \
    "督促落实已经处理完毕正在处理暂未发现无异常情况正常存在安全隐患火灾隐患"   \
    "消防通道疏散通道安全出口楼梯间堵塞占用杂物堆放电动自行车违规充电飞线充电" \
    "入户充电灭火器过期失效压力不足消火栓无水应急照明指示灯损坏疏散指示标志"   \
    "烟感报警器线路老化私拉乱接电线裸露漏电冒烟起火液化气罐钢瓶软管老化泄漏"   \
    "异味用火用电用气不规范厨房油烟机未清洗卫生脏乱差垃圾清运不及时污水横流"   \
    "积水排水不畅蚊蝇滋生老鼠健康证营业执照过期未公示消毒记录台账进货查验索证" \
    "索票食品添加剂生熟分开冷藏监控摄像头门禁可视对讲门锁防盗窗逃生口值班巡逻" \
    "登记簿身份证外来人员可疑人员推销传销诈骗电信诈骗赌博吸毒打架斗殴酗酒闹事" \
    "聚集上访噪声扰民夜间高空抛物坠物外墙瓷砖脱落墙体开裂渗水漏雨屋顶阳台围墙" \
    "倾斜倒塌危房地基下沉路面坑洼凹陷井盖缺失破损松动路灯不亮树木倒伏枯枝遮挡" \
    "护栏损坏电梯故障困人停水停电停气火警救护车受伤无人员伤亡请求支援吊车设备"

/* Names of roads and places, numbers and times, connecting words. */
#define PHRASES                                                              \
    "人民路解放路建设路和平路新华路中山路文化路中心街东街西街南街北街大街大道" \
    "巷胡同花园小区家园公寓广场大厦商铺门前对面附近东侧西侧南侧北侧路口交叉口" \
    "号楼单元楼道一楼二楼三楼顶楼地下车库地下室电梯间配电箱配电室水泵房一层"   \
    "上午中午下午晚上凌晨傍晚昨天今天明天夜里早上近日上周本周本月长期反复多次" \
    "刚刚巡查时发现接到群众举报经核实据了解随后目前同时另外但是并且其中因为"   \
    "所以已无未被有约为较严重影响车辆行人通行出行生活安全儿童老人经过雨天危险" \
    "可能引发周边商户意见较大多部门联合上门调解达成协议书面口头签字履行赔偿元" \
    "张王李刘陈杨赵黄周吴徐孙胡朱高林何郭马罗某某先生女士号室米厘米个处起件"   \
    "人户家辆只台套时分日。，；、：（）“”"

/* Codes that fields hold, and how records begin. */
#define CODES                                                                \
    "fire_passage" "facility_damage" "garbage" "illegal_parking" "noise"     \
    "illegal_building" "road_damage" "drainage" "lighting" "gas" "electric"  \
    "water" "fight" "suspicious" "fall_risk" "fire" "hygiene" "security"     \
    "hazard" "normal" "abnormal" "priority" "urgent" "agreement" "partial"   \
    "referred" "failed"                                                      \
    "\xa3\x01\x04\x05\x83\x1b\x00\x00\x01"                                   \
    "\xa3\x01\x02\x05\x83\x1b\x00\x00\x01"                                   \
    "\xa2\x01\x08\x05\x83\x1b\x00\x00\x01"                                   \
    "\xa2\x01\x06\x05\x83\x1b\x00\x00\x01"                                   \
    "\xa3\x01\x03\x02\x50"                                                   \
    "\xa2\x01\x04\x05\x83\x1b\x00\x00\x01\xa2\x01\x50\x0c\x69"               \
    "\xa2\x01\x03\x05\x83\x1b\x00\x00\x01\xa9\x06\x50"                       \
    "\xa2\x01\x05\x05\x83\x1b\x00\x00\x01\xa7\x03\xa1\x01\x81\x78"           \
    "\x0a\x1b\x00\x00\x01\x0c\x66\x0d\x01\x0e\x01\x0b\x83\x1a"

static const struct {
    char things[sizeof THINGS - 1];
    char acts[sizeof ACTS - 1];
    char phrases[sizeof PHRASES - 1];
    char codes[sizeof CODES - 1];
} words = {THINGS, ACTS, PHRASES, CODES};

struct xg_bytes xg_dictionary(void)
{
    return xg_bytes(&words, sizeof words);
}
