/* boundaries.c - see boundaries.h. */
#include "shared/guide/boundaries.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/core/record.h"
#include "shared/core/registry.h"
#include "shared/guide/json.h"

static bool is_called(const json_t *object, const char *type)
{
    const char *text = json_string_value(json_object_get(object, "type"));
    return text && strcmp(text, type) == 0;
}

/* NULL, or what is wrong. */
static const char *check_position(const json_t *position)
{
    size_t size = json_array_size(position);
    double lon = json_number_value(json_array_get(position, 0));
    double lat = json_number_value(json_array_get(position, 1));

    if (size < 2 || size > 3)
        return XG_T("坐标应是 [经度, 纬度]",
                    "a position is to be [longitude, latitude]");
    for (size_t i = 0; i < size; i++)
        if (!json_is_number(json_array_get(position, i)))
            return XG_T("坐标应是数字", "a position is to hold numbers");
    if (lat < -90 || lat > 90 || lon < -180 || lon > 180)
        return XG_T("坐标超出范围；经度在前，纬度在后",
                    "a position is out of range; longitude comes before "
                    "latitude");
    return NULL;
}

static const char *check_ring(const json_t *ring)
{
    size_t size = json_array_size(ring);

    if (size < 4)
        return XG_T("一圈边界至少四个点",
                    "a ring has at least four positions");
    for (size_t i = 0; i < size; i++) {
        const char *bad = check_position(json_array_get(ring, i));
        if (bad)
            return bad;
    }
    if (!json_equal(json_array_get(ring, 0), json_array_get(ring, size - 1)))
        return XG_T("一圈边界首尾应是同一点",
                    "a ring ends where it began");
    return NULL;
}

static const char *check_polygon(const json_t *polygon)
{
    size_t size = json_array_size(polygon);

    if (size == 0)
        return XG_T("多边形是空的", "the polygon is empty");
    for (size_t i = 0; i < size; i++) {
        const char *bad = check_ring(json_array_get(polygon, i));
        if (bad)
            return bad;
    }
    return NULL;
}

static const char *check_geometry(const json_t *geometry)
{
    const json_t *at = json_object_get(geometry, "coordinates");

    if (is_called(geometry, "Polygon"))
        return check_polygon(at);
    if (!is_called(geometry, "MultiPolygon") || json_array_size(at) == 0)
        return XG_T("几何应是 Polygon 或 MultiPolygon",
                    "the geometry is to be a Polygon or a MultiPolygon");
    for (size_t i = 0; i < json_array_size(at); i++) {
        const char *bad = check_polygon(json_array_get(at, i));
        if (bad)
            return bad;
    }
    return NULL;
}

static enum xg_status read_feature(const char **code, struct xg_arena *arena,
                                   const json_t *feature, size_t number,
                                   struct xg_error *err)
{
    const json_t *value =
        json_object_get(json_object_get(feature, "properties"), "code");
    size_t len = json_string_length(value);
    struct xg_bytes text = xg_bytes(json_string_value(value), len);

    if (!is_called(feature, "Feature") || len == 0 || len > XG_CODE_MAX ||
        !xg_code_valid(text))
        return xg_fail(err, XG_FORMAT,
                       XG_T("第 %zu 个要素：应是 Feature，properties.code "
                            "写单位编码",
                            "feature %zu: it is to be a Feature whose "
                            "properties.code is the code of a unit"),
                       number);
    const char *bad = check_geometry(json_object_get(feature, "geometry"));
    if (bad)
        return xg_fail(err, XG_FORMAT,
                       XG_T("第 %zu 个要素（%.*s）：%s", "feature %zu, %.*s: %s"),
                       number, (int)len, (const char *)text.at, bad);
    *code = xg_arena_str(arena, (const char *)text.at, len);
    return *code ? XG_OK : xg_fail_nomem(err);
}

static int compare_codes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum xg_status read_all(const char *const **codes, size_t *count,
                               struct xg_arena *arena, const json_t *json,
                               struct xg_error *err)
{
    const json_t *list = json_object_get(json, "features");
    size_t size = json_array_size(list);
    const char **found;

    if (!is_called(json, "FeatureCollection") || size == 0 ||
        size > XG_BOUNDARIES_MAX)
        return xg_fail(err, XG_FORMAT,
                       XG_T("应是 GeoJSON 的 FeatureCollection，有 1 到 %d "
                            "个要素",
                            "this is to be a GeoJSON FeatureCollection of 1 "
                            "to %d features"),
                       XG_BOUNDARIES_MAX);
    found = xg_arena_array(arena, size, sizeof *found);
    if (!found)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < size; i++)
        if (read_feature(&found[i], arena, json_array_get(list, i), i + 1,
                         err) != XG_OK)
            return err->status;
    qsort(found, size, sizeof *found, compare_codes);
    for (size_t i = 1; i < size; i++)
        if (strcmp(found[i - 1], found[i]) == 0)
            return xg_fail(err, XG_FORMAT,
                           XG_T("编码 %s 出现了两次；多块区域请用 "
                                "MultiPolygon",
                                "code %s is there twice; several areas of one "
                                "unit are a MultiPolygon"),
                           found[i]);
    *codes = found;
    *count = size;
    return XG_OK;
}

enum xg_status xg_boundaries_read(const char *const **codes, size_t *count,
                                  struct xg_arena *arena,
                                  struct xg_bytes content, struct xg_error *err)
{
    json_t *json;
    enum xg_status status = xg_json_load(&json, content, err);

    if (status != XG_OK)
        return status;
    status = read_all(codes, count, arena, json, err);
    json_decref(json);
    return status;
}
