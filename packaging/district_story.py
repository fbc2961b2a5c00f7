"""What happens in the demonstration's district: cases from door to answer, and
what goes wrong. A story is a generator that yields the moments at which it goes
on (district_world.World.tell); one that is not at its end when the present
comes stays where it is.

ordinary() is a case as there are many. Each of SETS makes one thing that must
be there for certain: together they bring about every status and every move.
"""
import itertools
import shutil

import district_words as words
from district_people import HANDLERS

HOUR, DAY = 3600, 86400
PHONE = '1380000%04d'


class Story:
    """One story's dice and words; `w` is the world."""

    def __init__(self, district, name):
        self.d, self.w = district, district.world
        self.rand = district.dice(name)

    # ---- words ----

    def name(self):
        return self.rand.choice(words.SURNAMES) + self.rand.choice(words.GIVEN)

    def phone(self):
        return PHONE % self.rand.randrange(10000)

    def say(self, text):
        pick = self.rand.choice
        return text.format(
            shop=pick(words.SHOPS), road=self.road, road2=pick(words.ROADS),
            estate=self.estate, no=self.number, n=self.rand.randint(2, 6),
            b=self.building, u=self.rand.randint(1, 4), name=self.name())

    def settle_in(self, grid):
        """Where it happens."""
        pick = self.rand.choice
        self.grid, self.road, self.estate = (grid, pick(words.ROADS),
                                             pick(words.ESTATES))
        self.number = self.rand.randint(2, 299)
        self.building = self.rand.randint(1, 28)
        self.place = self.w.territory.place(grid, self.rand)
        community = self.w.territory.name[self.w.territory.parent[grid]]
        short = community.replace('居民委员会', '')
        self.address = self.rand.choice((
            f'{short}{self.road}{self.number}号',
            f'{short}{self.estate}{self.building}号楼',
            f'{short}{self.estate}{self.building}号楼'
            f'{self.rand.randint(1, 4)}单元',
            f'{short}{self.road}与{self.rand.choice(words.ROADS)}路口'))

    def position(self):
        return 'position=%.6f,%.6f' % self.place

    def draw(self, category=None):
        """A category, and what is said of it."""
        if not category:
            table = words.CATEGORIES
            category = self.rand.choices(
                list(table), [row[1] for row in table.values()])[0]
        self.category = category
        self.unit, _, self.urgency, told, done, answers = \
            words.CATEGORIES[category]
        self.told = self.say(self.rand.choice(told))
        self.done = self.say(self.rand.choice(done))
        self.answer = self.say(self.rand.choice(answers))

    def photo(self, who, role='near', forwarded=False):
        """Words that attach a picture of here and now."""
        stage = 'after' if role == 'after' else 'before'
        path = self.d.picture(self.category, stage, self.w.now, self.place)
        return self.w.attached(who, path, role, forwarded)

    # ---- who ----

    def worker(self):
        return self.rand.choice(self.d.field)

    def desk(self, grid=None):
        """Who receives and dispatches there."""
        street = (grid or self.grid)[:9]
        return self.rand.choices(
            ('jd01' if street == '371302001' else 'jd02', 'zx01', 'zx02'),
            (6, 3, 1))[0]

    def hand(self):
        return self.rand.choice(HANDLERS[self.unit])

    # ---- time ----

    def after(self, least_h, most_h, office=True):
        moment = self.w.now + self.rand.uniform(least_h, most_h) * HOUR
        return self.w.office.office(moment) + self.rand.randint(0, 1500) \
            if office else moment

    def informant(self):
        return ['--contact', self.name(), '--phone', self.phone(),
                '--consent', self.rand.choice(('yes', 'yes', 'no')),
                '--relation', self.rand.choice(('居民', '商户', '租户'))]

    # ---- how a report comes ----

    def report(self, channel='patrol', who=None, category=None, photos=1,
               place=None):
        """The case, by a worker on patrol, or told to one."""
        who = who or self.worker()
        self.who = who
        self.settle_in(self.w.people[who].unit)
        if place:
            self.place = place
        self.draw(category)
        say = ['category=' + self.category, 'urgency=' + self.urgency,
               'address=' + self.address, 'description=' + self.told,
               self.position(), 'channel=' + channel]
        for role in ('near', 'far')[:photos]:
            say += self.photo(who, role)
        if channel != 'patrol' and photos:
            say.append('--forwarded')
        if channel != 'patrol':
            say += self.informant()
        self.case = self.w.make(who, 'incident', *say)
        return self.case

    def called_in(self, channel='hotline', grid=None, category=None, by=None):
        """The case, told to the centre."""
        unit = grid or self.w.people[self.worker()].unit
        self.settle_in(unit)
        self.draw(category)
        by = by or self.desk(unit)
        say = ['category=' + self.category, 'urgency=' + self.urgency,
               'address=' + self.address, 'description=' + self.told,
               self.position(), 'channel=' + channel, 'grid=' + unit]
        if channel in ('hotline', 'window', 'resident'):
            say += self.informant()
        if channel in ('video', 'window'):
            say += self.photo(by, 'near', forwarded=True)
        self.who = by
        self.case = self.w.make(by, 'incident', *say)
        return self.case

    # ---- the loop ----

    def do(self, who, move, *fields):
        return self.w.do(who, self.case, move, *fields)

    def filed(self, by=None):
        by = by or self.desk()
        yield self.after(.1, 1.5)
        self.do(by, 'accept')
        yield self.after(.1, 2)
        self.do(by, 'file')

    def dispatched(self, by=None, unit=None):
        by = by or self.desk()
        yield from self.filed(by)
        yield self.after(.05, .8)
        self.do(by, 'dispatch', 'unit=' + (unit or self.unit),
                'board=' + words.BOARDS.get(self.category.split('-')[0], 'life'))

    def handling(self, by=None, hand=None):
        yield from self.dispatched(by)
        yield self.after(.1, 1.5)
        self.hands = hand or self.hand()
        self.do(self.hands, 'sign')

    def handled(self, by=None, hand=None, hours=(1, 8)):
        yield from self.handling(by, hand)
        yield self.after(*hours)
        self.finish()

    def finish(self):
        after = self.photo(self.hands, 'after') \
            if self.rand.random() < .7 else ()
        self.do(self.hands, 'finish', 'result=' + self.done, *after)

    def closed(self, by=None, level='street', answer=True):
        by = by or self.desk()
        if self.rand.random() < .5:
            yield self.after(.2, 2)
            self.do(self.rand.choice((by, self.who)) if self.who != self.hands
                    else by, 'inspect',
                    'result=' + self.rand.choice(words.INSPECTED))
        yield self.after(.3, 4)
        told = ('answer=' + self.answer,) if answer else ()
        self.do(by, 'close', 'settled_level=' + level, *told)


# ---- a case as there are many ----

# How it goes on, and how often.
WAYS = {'closed': 46, 'self': 14, 'void': 4, 'stuck': 9, 'rework': 7,
        'returned': 6, 'noted': 8, 'extended': 5, 'rated': 10}


def ordinary(s):
    """From any source, to wherever it comes."""
    source = s.rand.choices(
        ('patrol', 'resident', 'hotline', 'window', 'video', 'superior',
         'other'), (46, 20, 18, 6, 6, 2, 2))[0]
    way = s.rand.choices(list(WAYS), list(WAYS.values()))[0]
    if source in ('patrol', 'resident'):
        s.report(source, photos=s.rand.choices((0, 1, 2), (2, 6, 2))[0])
    else:
        s.called_in(source)
    if way == 'self' and source == 'patrol':
        yield s.after(.1, 1, office=False)
        s.do(s.who, 'self_handle', *s.photo(s.who, 'before'),
             *s.photo(s.who, 'after'))
        return
    if way == 'void':
        yield s.after(.2, 2)
        s.do(s.desk(), 'void', 'why=现场核实不存在所述问题，已电话告知反映人')
        return
    by = s.desk()
    if way == 'stuck':
        steps = s.rand.choice((s.filed, s.dispatched, s.handling, s.handled))
        yield from steps(by)
        yield s.after(60, 400)
        return
    yield from s.handling(by)
    if way == 'noted':
        yield s.after(.5, 3)
        s.w.act(s.hands, 'note', s.case, s.rand.choice(words.NOTES))
    if way == 'extended':
        yield s.after(.5, 3)
        s.do(s.hands, 'ask_extend', 'why=配件需从厂家调货，预计两天到',
             s.d.until(s.w.now + 4 * DAY))
        yield s.after(.5, 3)
        s.do('db01', 'extend', s.d.until(s.w.now + 3 * DAY))
    yield s.after(1, 9)
    if way == 'returned':
        s.do(s.hands, 'return', 'rule=' + s.d.duty_but(s.unit),
             'why=' + s.rand.choice(words.TURNS))
        yield s.after(.3, 2)
        s.do(by, 'dispatch', 'unit=' + s.unit)
        yield s.after(.3, 2)
        s.do(s.hands, 'sign')
        yield s.after(1, 9)
    s.finish()
    if way == 'rework':
        yield s.after(.3, 3)
        s.do(by, 'rework', 'why=' + s.rand.choice(words.DOUBTS))
        yield s.after(1, 6)
        s.finish()
    yield from s.closed(by, s.rand.choices(
        ('community', 'street', 'district'), (4, 5, 1))[0])
    if way == 'rated':
        yield s.after(1, 30)
        rater = s.who if s.who != s.hands else by
        s.do(rater, 'rate', 'rating=' + s.rand.choices(
            ('very_good', 'good', 'fair', 'bad'), (4, 5, 2, 1))[0])


# ---- what must be there ----

def forwarded(s):
    """A resident's photo, from door to answer and rating."""
    s.report('resident', 'w101', 'safe-fire', photos=1)
    yield from s.handled('jd01')
    yield s.after(.5, 2)
    s.do('jc01', 'inspect', 'result=到场看过，通道已清空，居民认可')
    yield from s.closed('jd01', 'street')
    yield s.after(2, 5)
    s.do('w101', 'rate', 'rating=very_good')


def answered_apart(s):
    """The answer is given before the case is closed."""
    s.called_in('window', grid='371302002001001')
    yield from s.handled('jd02')
    yield s.after(.2, 1)
    s.do('jd02', 'answer', 'answer=' + s.answer)
    yield from s.closed('jd02', 'street', answer=False)


def settled_on_the_spot(s):
    s.report('patrol', 'w103', 'env-garbage')
    yield s.after(.1, .4, office=False)
    s.do('w103', 'self_handle', *s.photo('w103', 'before'),
         *s.photo('w103', 'after'))


def voided_then_reopened(s):
    s.called_in('hotline', grid='371302001001002', category='life-noise')
    yield s.after(.2, 1)
    s.do('zx01', 'void', 'why=来电人称已与店家和解，撤销诉求')
    yield s.after(20, 30)
    s.do('zx01', 'reopen', 'why=同一位居民再次来电，夜间噪声又出现')
    yield s.after(400, 500)


def voided(s):
    s.report('patrol', 'w104')
    yield s.after(.5, 2)
    s.do('jd01', 'void', 'why=与前日上报为同一处，现场已处理')


def withdrawn(s):
    """Reported by mistake, and taken back."""
    s.report('patrol', 'w105', 'env-manhole-loose')
    yield s.after(.1, .3, office=False)
    s.w.act('w105', 'withdraw', s.case, '--why', '看错了，是临时施工围挡')


def recalled(s):
    s.report('patrol', 'w106', 'env-light')
    yield from s.dispatched('jd02', '371302-cg')
    yield s.after(.05, .3)
    s.do('jd02', 'recall', 'why=派错单位，路灯属市政工程管理处')
    yield s.after(.05, .2)
    s.do('jd02', 'dispatch', 'unit=371302-sz', 'board=order')
    yield s.after(400, 500)


def refused_twice(s):
    """Two departments decline; joint review; a third time it holds."""
    s.report('patrol', 'w107', 'env-garbage')
    yield from s.dispatched('jd02', '371302-cg')
    yield s.after(.3, 2)
    s.do('cg01', 'return', 'rule=zj-03',
         'why=小区内部垃圾，应由住建部门督促物业清理')
    yield s.after(.3, 1)
    s.do('jd02', 'dispatch', 'unit=371302-zj')
    yield s.after(.3, 2)
    s.do('zj01', 'return', 'rule=cg-02', 'why=已出小区围墙，属市容环卫责任区')
    yield s.after(1, 3)
    s.do('zx01', 'review', 'result=会商：墙外为责任区，由执法局牵头，住建局督促物业配合')
    yield s.after(.2, .5)
    s.do('zx01', 'designate', 'unit=371302-cg', 'why=依据会商结果指定承办')
    s.hands = 'cg01'
    yield s.after(.3, 2)
    s.do('cg01', 'sign')
    yield s.after(2, 5)
    s.finish()
    yield from s.closed('zx01', 'district')


def returned_lately(s):
    """Declined, and nobody has decided yet."""
    s.report('patrol', 'w101', 'safe-charge')
    yield from s.dispatched('jd01')
    yield s.after(.2, 1)
    s.do('xf01', 'return', 'rule=zj-03', 'why=充电设施由物业管理，应由住建部门督促')
    yield s.after(400, 500)


def shelved(s):
    s.report('patrol', 'w108', 'safe-house')
    yield from s.handling('jd02', 'zj01')
    yield s.after(2, 6)
    s.do('zj01', 'ask_shelve', 'why=需等房屋鉴定报告和修缮资金，年内无法完工',
         s.d.until(s.w.end + 60 * DAY))
    yield s.after(1, 6)
    s.do('db01', 'shelve', 'why=情况属实，同意挂账，每月报告一次',
         s.d.until(s.w.end + 60 * DAY))


def deferred(s):
    s.report('patrol', 'w109', 'env-light')
    yield from s.handling('jd02', 'sz02')
    yield s.after(2, 6)
    s.do('sz02', 'ask_defer', 'why=道路整体改造下月进场，随改造一并更换灯杆',
         s.d.until(s.w.end + 20 * DAY))
    yield s.after(1, 6)
    s.do('zx01', 'defer', 'why=与改造计划核对一致，同意缓办',
         s.d.until(s.w.end + 20 * DAY))


def shelved_and_resumed(s):
    s.called_in('superior', grid='371302002002001', category='life-lift')
    yield from s.handling('zx01', 'sj01')
    yield s.after(1, 3)
    s.do('sj01', 'ask_shelve', 'why=更换主机须业主表决，公示期十天',
         s.d.until(s.w.now + 10 * DAY))
    yield s.after(1, 3)
    s.do('db01', 'shelve', 'why=同意挂账至公示期满',
         s.d.until(s.w.now + 10 * DAY))
    yield s.after(40, 60)
    s.do('sj01', 'resume', 'note=业主表决提前通过，设备已到场')
    yield s.after(3, 8)
    s.finish()
    yield from s.closed('zx01', 'district')


def extension_refused(s):
    s.report('patrol', 'w110', 'env-trade')
    yield from s.handling('jd02', 'cg02')
    yield s.after(.5, 2)
    s.do('cg02', 'ask_extend', 'why=人手不足，请求延期一周',
         s.d.until(s.w.now + 7 * DAY))
    yield s.after(.3, 2)
    s.do('db01', 'refuse', 'why=人手不足不是延期理由，请按时办结')
    yield s.after(.5, 2)
    s.finish()
    yield from s.closed('jd02', 'street')


def extension_granted(s):
    s.report('resident', 'w102', 'env-flood')
    yield from s.handling('jd01', 'sz01')
    yield s.after(.5, 2)
    s.do('sz01', 'ask_extend', 'why=管道塌陷需开挖，须办占路手续',
         s.d.until(s.w.now + 5 * DAY))
    yield s.after(.3, 2)
    s.do('db01', 'extend', s.d.until(s.w.now + 4 * DAY))
    yield s.after(500, 600)


def reworked(s):
    """Inspection fails, and it is under work again."""
    s.report('resident', 'w104', 'env-garbage')
    yield from s.handled('jd01', 'cg01')
    yield s.after(.5, 2)
    s.do('jc01', 'inspect', 'result=现场仍有两袋装修垃圾，未清净')
    yield s.after(.1, .5)
    s.do('jc01', 'rework', 'why=垃圾未清净，请重新处置')
    yield s.after(.5, 2)
    s.do('cg01', 'appeal', 'why=残留为次日新倒，已提供当天照片')
    yield s.after(500, 600)


def waits_for_inspection(s):
    s.report('patrol', 'w106', 'env-manhole-loose')
    yield from s.handled('jd02', 'sz01')
    yield s.after(500, 600)


def supervised(s):
    """A leader asks; the department replies; it is closed."""
    s.called_in('superior', grid='371302001001001', category='env-flood',
                by='db01')
    yield from s.handling('zx01', 'sz02')
    yield s.after(4, 8)
    s.do('db01', 'supervise', 'why=积水影响学校周边出行，请说明原因和完成时间')
    yield s.after(1, 3)
    s.do('zx02', 'remind')
    yield s.after(.5, 2)
    s.do('sz02', 'reply', 'reply=泵车已到场，支管塌陷40米，明晚前修复')
    yield s.after(6, 10)
    s.finish()
    yield from s.closed('zx01', 'district')


def supervised_waits(s):
    s.report('patrol', 'w107', 'safe-gas')
    yield from s.handling('jd02', 'zj01')
    yield s.after(2, 4)
    s.do('db01', 'supervise', 'why=燃气隐患超过四小时未排除，请立即回复')
    yield s.after(500, 600)


def whistled(s):
    """A street whistles, the office calls departments, they report in."""
    s.report('patrol', 'w101', 'safe-house')
    yield from s.filed('jd01')
    yield s.after(.1, .5)
    s.do('jd01', 'whistle', 'class=tough',
         'why=危房涉及安置、鉴定、围挡，街道一家办不了')
    yield s.after(.2, .8)
    s.do('zx01', 'triage', 'called=371302-zj', 'called=371302-mz',
         'called=371302-sz', s.d.until(s.w.now + 4 * HOUR, 'report_by'))
    for who, unit in (('zj01', '371302-zj'), ('mz01', '371302-mz'),
                      ('sz01', '371302-sz')):
        yield s.after(.2, .8)
        s.do(who, 'report_in', 'present=' + unit)
    yield s.after(.2, .8)
    s.do('jd01', 'dispatch', 'unit=371302-zj', 'board=safety')
    yield s.after(.2, .8)
    s.hands = 'zj01'
    s.do('zj01', 'sign')
    yield s.after(8, 16)
    s.finish()
    yield from s.closed('zx01', 'district')


def whistle_half_answered(s):
    """One of the called departments has not come, and it is too late."""
    s.report('patrol', 'w103', 'env-trade')
    yield from s.filed('jd01')
    s.do('jd01', 'whistle', 'class=general', 'why=夜市占道，需执法、市场监管、公安联合整治')
    yield s.after(.2, .8)
    s.do('zx02', 'triage', 'called=371302-cg', 'called=371302-sj',
         'called=371302-ga', s.d.until(s.w.now + 3 * HOUR, 'report_by'))
    yield s.after(.2, .8)
    s.do('cg01', 'report_in', 'present=371302-cg')
    yield s.after(.2, .8)
    s.do('ga01', 'report_in', 'present=371302-ga')
    yield s.after(500, 600)


def whistle_fresh(s):
    """Just whistled: the office has not triaged it."""
    s.called_in('video', grid='371302002003001', category='env-flood',
                by='jd02')
    yield s.after(.02, .1, office=False)
    s.do('jd02', 'accept')
    s.do('jd02', 'whistle', 'class=urgent', 'why=下穿桥积水且有车辆被困，请求联合处置')
    yield s.after(500, 600)


def escalated(s):
    """From the grid up to the district, and handed down again."""
    s.report('resident', 'w102', 'life-elder')
    yield s.after(.1, .5)
    s.do('w102', 'escalate', 'level=community')
    yield s.after(.2, 1)
    s.do('sq01', 'accept')
    yield s.after(.2, 1)
    s.do('sq01', 'escalate', 'level=street')
    yield s.after(.2, 1)
    s.do('jd01', 'hand_down', 'unit=371302001001')
    yield s.after(.3, 1)
    s.hands = 'sq01'
    s.do('sq01', 'sign')
    yield s.after(2, 6)
    s.finish()
    yield from s.closed('jd01', 'community')


def reopened(s):
    """Closed; the delegate has it taken up again; closed once more."""
    s.report('resident', 'w101', 'env-trade')
    yield from s.handled('jd01', 'cg02')
    yield from s.closed('jd01')
    yield s.after(4, 10)
    s.do('jc01', 'reopen', 'why=三天后又占道，居民要求重新处理')
    yield s.after(.2, 1)
    s.do('jd01', 'file')
    yield s.after(.1, .4)
    s.do('jd01', 'dispatch', 'unit=371302-cg')
    yield s.after(.2, 1)
    s.do('cg02', 'sign')
    yield s.after(1, 5)
    s.finish()
    yield from s.closed('jd01')
    yield s.after(1, 3)
    s.do('w101', 'rate', 'rating=bad')
    yield s.after(1, 3)
    s.do('cg02', 'appeal', 'why=第二次反映的是另一家店，不应计入本件')


def duplicates(s):
    """Two tell of one hole: linked, each answered. Two that were not one are
    taken apart; a third pair waits for somebody to see it."""
    s.report('patrol', 'w101', 'env-manhole-lost')
    yield s.after(.05, .2, office=False)
    t = Story(s.d, 'duplicates/2')
    t.called_in('hotline', grid='371302001001001', category='env-manhole-lost')
    near = (round(s.place[0] + .00003, 6), round(s.place[1] + .00002, 6))
    s.w.act(t.who, 'set', t.case, 'position=%.6f,%.6f' % near)
    yield s.after(.1, .3)
    s.w.act('zx01', 'link', t.case, s.case, '--why', '同一处井盖，热线与巡查相隔半小时')
    yield from s.handled('jd01', 'sz01', (.5, 2))
    s.do('jd01', 'answer', 'answer=' + s.answer)
    yield from s.closed('jd01')
    s.w.do('jd01', t.case, 'answer', 'answer=' + s.answer)
    u = Story(s.d, 'duplicates/3')
    u.report('patrol', 'w103', 'env-garbage')
    yield s.after(.1, .5)
    s.w.act('zx02', 'link', u.case, t.case, '--why', '疑为同一处')
    yield s.after(.1, .5)
    s.w.act('zx02', 'unlink', u.case, t.case, '--why', '相距两公里，不是同一件')


def look_alikes(s):
    s.report('patrol', 'w106', 'safe-charge')
    yield s.after(.1, .4, office=False)
    t = Story(s.d, 'look_alikes/2')
    near = (round(s.place[0] + .00005, 6), round(s.place[1] + .00004, 6))
    t.report('resident', 'w106', 'safe-charge', place=near)
    yield s.after(500, 600)


def alarm(s):
    """A wristband calls; it is real, and becomes a case."""
    unit = 'w102'
    who = s.w.make(unit, 'subject', 'list=person', 'name=' + s.name(),
                   'address=前十社区和平里6号楼1单元', 'every_days=7',
                   'because=82岁独居，高血压', 'checklist=elder')
    s.d.subjects.append((unit, who, 'elder'))
    yield s.after(20, 40)
    s.w.sync(unit)
    call = s.w.make('zx01', 'alarm', 'type=wristband', 'source_device=SH-0417',
                    'subject=' + who, 'address=前十社区和平里6号楼1单元',
                    'grid=' + s.w.people[unit].unit)
    s.settle_in(s.w.people[unit].unit)
    s.draw('life-elder')
    s.who = 'zx01'
    s.case = s.w.make('zx01', 'incident', 'category=life-elder',
                      'urgency=urgent', 'channel=alarm', 'alarm=' + call,
                      'address=前十社区和平里6号楼1单元', s.position(),
                      'grid=' + s.grid,
                      'description=手环跌倒报警，电话无人接，网格员已赶往现场')
    s.w.act('zx01', 'set', call, 'incident=' + s.case, 'outcome=real')
    yield s.after(.1, .3, office=False)
    s.w.act(unit, 'note', s.case, '到场敲门，老人在卫生间滑倒，意识清楚，已叫120')
    yield from s.handled('zx01', 'mz01', (1, 3))
    yield from s.closed('zx01', 'community')
    false = s.w.make('zx02', 'alarm', 'type=smoke', 'source_device=YG-0092',
                     'address=新华社区阳光小区3号楼', 'outcome=false',
                     'grid=371302002001001', 'note=炒菜油烟触发，已电话核实')
    s.w.act('zx02', 'note', false, '建议物业调整探头位置')


def conflict_open(s):
    """Two changed one address without seeing each other; nobody decided."""
    s.report('patrol', 'w101', 'env-light')
    yield s.after(.2, .5)
    s.w.sync('w101')
    s.w.sync('sq01')
    for who, address in (('w101', '前十社区解放路112号'),
                         ('sq01', '前十社区解放路121号')):
        s.w.agent(who, 'set', s.case, 'address=' + address)
        s.w.changed(who, s.case)
        yield s.after(.02, .1, office=False)
    s.w.sync('w101')
    s.w.sync('sq01')


def conflict_decided(s):
    s.report('patrol', 'w106', 'safe-charge')
    yield s.after(.2, .5)
    s.w.sync('w106')
    s.w.sync('sq04')
    for who, urgency in (('w106', 'urgent'), ('sq04', 'normal')):
        s.w.agent(who, 'set', s.case, 'urgency=' + urgency)
        s.w.changed(who, s.case)
    s.w.sync('w106')
    s.w.sync('sq04')
    yield s.after(.5, 2)
    s.w.act('zx01', 'resolve', s.case, 'urgency', '--value', 'urgent',
            '--why', '与网格员通话确认线皮已破，按紧急处理')


def overtaken(s):
    """Closed at the centre while a worker without a network sends it back."""
    s.report('patrol', 'w108', 'env-garbage')
    yield from s.handled('jd02', 'cg02')
    yield s.after(.2, .6)
    s.w.sync('w108')
    s.w.agent('w108', 'do', s.case, 'rework', 'why=路过时看到又堆了三袋')
    yield s.after(.1, .3)
    s.do('jd02', 'close', 'settled_level=street', 'answer=' + s.answer)
    yield s.after(.1, .3)
    s.w.changed('w108', s.case)
    s.w.sync('w108')


def long_overdue(s):
    """Signed for, and left lying: reminders, and one level up after another."""
    s.called_in('hotline', grid='371302002002002', category='env-light',
                by='jd02')
    yield from s.handling('jd02', 'sz02')
    yield s.after(500, 600)


def unsigned_overdue(s):
    s.report('resident', 'w103', 'life-noise')
    yield from s.dispatched('jd01')
    yield s.after(500, 600)


def left_lying(s):
    """Nobody at the desk has taken it up."""
    s.called_in('other', grid='371302002003002', category='env-trade')
    yield s.after(500, 600)


def erased(s):
    """A resident asks that the name be taken out."""
    s.report('resident', 'w109', 'work-wage')
    yield from s.handled('zx01', 'rs01')
    yield from s.closed('zx01', 'district')
    yield s.after(1, 4)
    contact = s.w.agent(s.who, 'show', s.case)[0]['fields']['contact']
    s.w.sync_for(contact)
    s.w.server('redact', contact, '--ground', '本人申请删除个人信息', '--yes',
               '--as', 'db01')


# ---- disputes, visits, meetings, what is sent round ----

def dispute(s, n=0, end='closed'):
    who = s.worker()
    s.settle_in(s.w.people[who].unit)
    kind, told, done = words.DISPUTES[n % len(words.DISPUTES)]
    s.who, s.category, s.unit = who, 'dispute', '371302-sf'
    s.done = done
    s.case = s.w.make(who, 'dispute', 'type=' + kind, 'parties=' + s.name(),
                      'parties=' + s.name(), 'description=' + told,
                      'complexity=' + ('simple', 'complex', 'hard')[n % 3],
                      'outcome=ongoing', 'channel=resident', s.position(),
                      'session=' + words.SESSIONS[0])
    community = s.grid[:12]
    office = {'371302001001': 'sq01', '371302001002': 'sq02',
              '371302001003': 'sq03', '371302002001': 'sq04',
              '371302002002': 'sq05'}.get(community)
    first = office or s.desk()
    yield s.after(2, 12)
    s.do(first, 'accept')
    if n % 3 == 0 and office:  # settled where it arose
        yield s.after(2, 12)
        s.w.act(first, 'set', s.case, 'session=' + words.SESSIONS[1])
        s.do(first, 'file')
        s.do(first, 'dispatch', 'unit=' + community, 'board=peace')
        s.hands, level = first, 'community'
    else:
        street, top = s.desk(), n % 3 == 2
        if office:
            s.do(first, 'escalate', 'level=street')
        yield s.after(2, 12)
        s.do(street, 'file')
        yield s.after(2, 12)
        s.w.act(street, 'set', s.case, 'session=' + words.SESSIONS[2])
        level = 'street'
        if top:
            s.do(street, 'escalate', 'level=district')
            yield s.after(2, 12)
            s.w.act('zx01', 'set', s.case, 'session=' + words.SESSIONS[3])
            level = 'district'
        s.do('zx01', 'dispatch', 'unit=371302-sf', 'board=peace')
        s.hands = 'sf01'
    yield s.after(1, 4)
    s.do(s.hands, 'sign')
    if end != 'closed':
        yield s.after(500, 600)
    yield s.after(8, 30)
    s.do(s.hands, 'finish', 'result=' + done)
    yield s.after(1, 8)
    s.w.act('zx01', 'set', s.case,
            'outcome=' + ('agreement', 'agreement', 'partial')[n % 3])
    s.do('zx01', 'close', 'settled_level=' + level, 'answer=' + done)


def subjects(s):
    """The three lists of a few workers, and visits to what is on them."""
    rows = (('person', '{name}', '独居老人，85岁', 'elder', 7),
            ('place', '{shop}', '人员密集，使用瓶装液化气', 'gas', 14),
            ('place', '{shop}仓库', '三合一场所，曾被责令整改', 'fire', 14),
            ('matter', '{estate}加装电梯矛盾', '一二楼住户反对，曾阻挠施工', None, 10))
    for who in s.d.field[:6]:
        s.settle_in(s.w.people[who].unit)
        for sort, name, because, form, days in rows:
            say = ['list=' + sort, 'name=' + s.say(name),
                   'address=' + s.address, 'every_days=%d' % days,
                   'because=' + because]
            if form:
                say.append('checklist=' + form)
            one = s.w.make(who, 'subject', *say)
            s.d.subjects.append((who, one, form))
        yield s.after(.05, .2)


FORMS = {'elder': 'well=fair;gas=yes;food=yes;wish=想装扶手',
         'gas': 'bottles=2;den=no;alarm=yes',
         'fire': 'exit=free;extinguisher=yes;live_in=no'}


def visits(s):
    """A day's visits to those who are due, one of them with a finding."""
    while True:
        who, one, form = s.rand.choice(s.d.subjects)
        bad = s.rand.random() < .25
        say = ['place=P%05d' % s.rand.randint(1, 99999), 'of=' + one,
               'result=' + ('abnormal' if bad else 'normal'),
               'note=' + s.rand.choice(words.ABNORMAL if bad else words.NORMAL)]
        if form:
            say += ['form=' + form, 'item=' + FORMS[form]]
        s.settle_in(s.w.people[who].unit)
        if bad and s.rand.random() < .5:
            s.draw('safe-charge')
            say += ['--incident', 'category=safe-charge', '--incident',
                    'description=' + s.told, '--incident',
                    'address=' + s.address, '--incident', s.position()]
        s.w.make(who, 'visit', *say)
        yield s.after(s.d.pace * .6, s.d.pace * 2)


def notices(s):
    """Sent round, read by some."""
    texts = (('强降温天气提醒', '本周气温骤降，请各网格重点走访独居老人和在建工地，'
              '检查取暖用电和煤炉，严防一氧化碳中毒。'),
             ('瓶装燃气专项排查', '即日起对小餐饮瓶装燃气开展排查，三日内上报清单，'
              '发现“黑气”立即上报，不得自行处置。'),
             ('平台使用培训', '周五下午三点在区中心二楼培训，重点讲结案条件和照片要求。'))
    for n, (title, text) in enumerate(texts):
        one = s.w.make('zx01', 'notice', 'title=' + title, 'text=' + text,
                       'grid=371302')
        yield s.after(2, 6)
        for who in s.d.field[n:n + 4]:
            s.w.sync(who)
            s.w.agent(who, 'read', one)
            s.w.changed(who, one)
            yield s.after(.1, 2)
        yield s.after(20, 60)


def campaign(s):
    one = s.w.make('zx01', 'campaign', 'name=瓶装燃气安全专项整治', 'grid=371302',
                   'checklist=gas', 'target=300',
                   s.d.until(s.w.now, 'begins'),
                   s.d.until(s.w.end + 20 * DAY, 'ends'))
    for who in s.d.field[:4]:
        yield s.after(6, 20)
        s.w.sync(who)
        s.w.agent(who, 'tally', one, '%s:bottles:%d' % (
            s.w.people[who].unit, s.rand.randint(4, 30)))
        s.w.changed(who, one)


def tasks(s):
    """One done, one under way, one that nobody has signed for."""
    texts = (('清查辖区消火栓', '逐个开启试水，拍照上报无水的'),
             ('雪天铲冰除雪责任到人', '主次干道两小时内清完，背街小巷四小时'),
             ('出租房屋人员信息核对', '核对门牌、承租人和紧急联系人'))
    for n, (title, told) in enumerate(texts):
        who = s.d.field[n % len(s.d.field)]
        unit = s.w.people[who].unit
        s.case = s.w.make('zx01', 'task', 'title=' + title,
                          'description=' + told, 'unit=' + unit,
                          'grid=' + unit, 'channel=superior',
                          s.d.until(s.w.now + (6 - n) * DAY, 'due'))
        if n < 2:
            yield s.after(1, 4)
            s.do(who, 'sign')
        if n < 1:
            yield s.after(6, 20)
            s.do(who, 'finish', 'result=共38处，2处无水已上报')
            yield s.after(1, 4)
            s.do('zx01', 'close', 'settled_level=grid')
        yield s.after(10, 30)


def meetings(s):
    for n, topic in enumerate(('电动自行车充电桩选址', '小区停车位划线方案', '加装电梯意见听取',
                               '物业费收支公开')):
        who = s.d.field[n % len(s.d.field)]
        s.w.make(who, 'meeting', 'topic=' + topic, 'place=社区议事厅',
                 'attendee=' + s.name(), 'attendee=' + s.name(),
                 'headcount=%d' % s.rand.randint(8, 40),
                 'result=' + ('选在小区东门空地，月底前施工', '先划线试行一个月',
                              '一楼住户要求书面承诺，下次再议',
                              '每季度公示，监委会复核')[n])
        yield s.after(30, 70)


def assessments(s):
    """Scored; one stands, one is appealed and upheld, one scored again, one
    is confirmed at once."""
    month = s.d.month(-1)
    rows = (('371302-cg', 86, 'confirm'), ('371302-sz', 91, None),
            ('371302-zj', 74, 'uphold'), ('371302-xf', 78, 'rescore'),
            ('371302-ga', 80, 'appeal'))
    for unit, score, then in rows:
        one = s.w.make('jd01', 'assessment', 'subject=' + unit,
                       'period=' + month, 'score=%d' % score, 'weight=30',
                       'basis=按时签收率、按期办结率、返工率和到场报到情况')
        yield s.after(.2, 1)
        if then == 'confirm':
            s.w.do('zx01', one, 'confirm')
        elif then:
            s.w.do(s.d.head(unit), one, 'appeal', 'why=两件退单经会商确属他单位职责，不应扣分')
            yield s.after(2, 6)
        if then == 'uphold':
            s.w.do('db01', one, 'uphold', 'why=扣分依据为超时签收，与退单无关')
        elif then == 'rescore':
            s.w.do('db01', one, 'rescore', 'why=退单理由成立，扣回的8分恢复',
                   'score=86')


# ---- what goes wrong with devices ----

def restored_copy(s):
    """A device was put back from a copy: its chain forks."""
    who = 'w111'
    s.w.join(who)
    s.report('patrol', who, 'env-trade')
    yield s.after(2, 4)
    s.w.sync(who)
    home = s.w.people[who].home
    copy = home.with_name('w111-copy')
    shutil.copytree(home, copy)
    yield s.after(2, 4)
    s.w.agent(who, 'note', s.case, '店主说晚上就搬')
    one = s.w.agent(who, 'incident', 'category=env-garbage',
                    'address=后园社区东苑北门', 'description=垃圾桶倒伏')[0]['id']
    s.w.sync(who)
    yield s.after(2, 4)
    s.w.people[who].home = copy
    s.w.agent(who, 'set', s.case, 'urgency=priority')
    two = s.w.agent(who, 'visit', 'place=P00412', 'result=normal',
                    'note=灭火器正常')[0]['id']
    s.w.sync(who)
    for entity in (s.case, one, two):
        s.w.changed(who, entity)
    s.w.sync(who)


def revoked(s):
    """A device is lost and revoked; what comes from it later is set apart."""
    who = 'w112'
    s.w.join(who)
    s.report('patrol', who, 'env-light')
    yield s.after(2, 4)
    s.w.sync(who)
    yield s.after(4, 8)
    s.w.agent(who, 'incident', 'category=env-garbage',
              'address=后园社区东苑西墙外', 'description=偷倒建筑垃圾约两车')
    device = s.w.agent(who, 'status')[0]['device']
    yield s.after(1, 2)
    s.w.server('device', 'revoke', device)
    yield s.after(4, 8)
    s.w.sync(who, ok=(0, 1, 5, 7))
    s.w.people[who].home = None


def wrong_clock(s):
    """A device whose clock says 2099: orders nothing, poisons nobody."""
    who = 'w113'
    s.w.join(who, env={'FAKETIME': '@2099-06-01 12:00:00',
                       'FAKETIME_FOLLOW_FILE': ''})
    for n in range(2):
        s.report('patrol', who, ('env-garbage', 'safe-fire')[n], photos=0)
        yield s.after(1, 3)
    s.w.sync(who)


def gone_silent(s):
    """The helper's device has sent nothing for more than two weeks."""
    who = 'w114'
    s.w.join(who)
    s.report('patrol', who, 'env-light', photos=0)
    yield s.after(.2, .5)
    s.w.sync(who)
    s.w.people[who].offline = True


def silent_for_days(s):
    who = 'w115'
    s.w.join(who)
    s.report('patrol', who, 'safe-fire')
    yield s.after(.2, .5)
    s.w.sync(who)
    s.w.people[who].offline = True


# ---- patrols ----

def patrols(s, who):
    """A walk on each working day, with the gaps that a receiver has."""
    for turn in itertools.count():
        begin, minutes = s.w.now, s.rand.randint(60, 110)
        yield begin + minutes * 60
        s.d.walk(who, begin, minutes, turn)
        s.w.sync(who)
        yield s.w.office.office(s.w.now + s.rand.uniform(16, 40) * HOUR) + \
            s.rand.randint(0, 3000)


def under_way(district, who, turn):
    """Somebody who is out now: the patrol has no end yet."""
    world = district.world
    district.walk(who, world.now - 45 * 60, 45, 'now-%d' % turn)
    one = world.agent(who, 'list', 'patrol', '--limit', '1')[0]['id']
    world.agent(who, 'set', one, 'end=')


# Devices that join in the course of their story.
LATER = ('w111', 'w112', 'w113', 'w114', 'w115')

# (story, days before the present)
SETS = (
    (restored_copy, 12), (revoked, 11), (wrong_clock, 6), (gone_silent, 17),
    (silent_for_days, 5), (forwarded, 9), (answered_apart, 8),
    (settled_on_the_spot, 3), (voided_then_reopened, 4), (voided, 6),
    (withdrawn, 5), (recalled, 2), (refused_twice, 13), (returned_lately, 2),
    (shelved, 16), (deferred, 14), (shelved_and_resumed, 18),
    (extension_refused, 10), (extension_granted, 4), (reworked, 3),
    (waits_for_inspection, 3), (supervised, 12), (supervised_waits, 3),
    (whistled, 15), (whistle_half_answered, 4), (whistle_fresh, .02),
    (escalated, 12), (reopened, 19), (duplicates, 7), (look_alikes, 2),
    (alarm, 11), (conflict_open, 3), (conflict_decided, 5), (overtaken, 6),
    (long_overdue, 16), (unsigned_overdue, 4), (left_lying, 3), (erased, 15),
    (subjects, 21), (notices, 9), (campaign, 10), (tasks, 8), (meetings, 19),
    (assessments, 6),
)
