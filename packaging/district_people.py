"""Who works in the demonstration's district, and where. Every name is invented;
phone numbers are of a range that looks like an example."""

# code, name, role, unit, has a device
PEOPLE = (
    ('zx01', '周敏', 'dispatcher', '371302', False),
    ('zx02', '孙建华', 'dispatcher', '371302', False),
    ('db01', '郑国栋', 'supervisor', '371302', False),
    ('sj99', '沈文博', 'auditor', '371302', False),
    ('dj01', '韩雪', 'registrar', '371302', False),
    ('jd01', '王海燕', 'dispatcher', '371302001', False),
    ('jd02', '陈立新', 'dispatcher', '371302002', False),
    ('sq01', '李娜', 'community', '371302001001', True),
    ('sq02', '高秀兰', 'community', '371302001002', False),
    ('sq03', '马永胜', 'community', '371302001003', False),
    ('sq04', '许静', 'community', '371302002001', True),
    ('sq05', '丁玉梅', 'community', '371302002002', False),
    ('cg01', '刘志强', 'handler', '371302-cg', True),
    ('cg02', '曹磊', 'handler', '371302-cg', False),
    ('sz01', '彭大勇', 'handler', '371302-sz', True),
    ('sz02', '蒋涛', 'handler', '371302-sz', False),
    ('zj01', '冯建平', 'handler', '371302-zj', False),
    ('xf01', '董超', 'handler', '371302-xf', False),
    ('ga01', '袁刚', 'handler', '371302-ga', False),
    ('mz01', '程晓红', 'handler', '371302-mz', False),
    ('sj01', '于海洋', 'handler', '371302-sj', False),
    ('rs01', '潘秋实', 'handler', '371302-rs', False),
    ('sf01', '杜宁', 'handler', '371302-sf', False),
    ('jc01', '田桂芳', 'delegate', '371302001', True),
    ('wgz1', '宋卫东', 'grid_head', '371302001001', False),
    ('w101', '张伟', 'worker', '371302001001001', True),
    ('w102', '王芳', 'worker', '371302001001002', True),
    ('w103', '赵军', 'worker', '371302001002001', True),
    ('w104', '吴秀英', 'worker', '371302001002002', True),
    ('w105', '徐明', 'worker', '371302001003001', True),
    ('w106', '孙丽', 'worker', '371302002001001', True),
    ('w107', '胡建国', 'worker', '371302002001002', True),
    ('w108', '朱红梅', 'worker', '371302002002001', True),
    ('w109', '郭强', 'worker', '371302002002002', True),
    ('w110', '何静', 'worker', '371302002003001', True),
    # For what goes wrong: see district_story.py.
    ('w111', '罗平', 'worker', '371302001003002', True),
    ('w112', '梁玉兰', 'worker', '371302001003003', True),
    ('w113', '谢军', 'worker', '371302002003002', True),
    ('w114', '唐敏', 'helper', '371302001001003', True),
    ('w115', '邓辉', 'worker', '371302002001003', True),
)
FIELD = tuple('w%d' % n for n in range(101, 111))
SMALL = ('w101', 'w103', 'w106', 'w108')

# The department whose duty a category is, and who acts for it.
HANDLERS = {
    '371302-cg': ('cg01', 'cg02'), '371302-sz': ('sz01', 'sz02'),
    '371302-zj': ('zj01',), '371302-xf': ('xf01',), '371302-ga': ('ga01',),
    '371302-mz': ('mz01',), '371302-sj': ('sj01',), '371302-rs': ('rs01',),
    '371302-sf': ('sf01',)}
