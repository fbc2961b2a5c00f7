/* guide_cli.c - the imported reference data, for the commands. */
#include "agent/cli/cli.h"

#include "agent/home/guide.h"
#include "shared/guide/catalogue.h"

enum xg_status cli_guide(struct cli *cli, struct xg_guide **out,
                         struct xg_error *err)
{
    struct xg_guide_source source;

    if (!cli->guide) {
        source = guide_of_device(cli->home.store);
        if (xg_guide_new(&cli->guide, &source, err) != XG_OK)
            return err->status;
    }
    *out = cli->guide;
    return XG_OK;
}

const struct xg_labels *cli_labels(struct cli *cli)
{
    struct xg_error ignored = XG_ERROR_NONE;
    const struct xg_labels *labels = NULL;
    struct xg_guide *g = NULL;

    if (cli_guide(cli, &g, &ignored) != XG_OK ||
        xg_guide_labels(g, &labels, &ignored) != XG_OK)
        return NULL;
    return labels;
}

xg_day cli_today(struct cli *cli)
{
    return xg_day_of(xg_wall_ms(&cli->env), XG_ZONE_CHINA_MIN);
}

int64_t cli_near_radius_mm(struct cli *cli, struct xg_bytes category)
{
    struct xg_error ignored = XG_ERROR_NONE;
    const struct xg_catalogue *catalogue = NULL;
    const struct xg_category *found = NULL;
    struct xg_guide *guide = NULL;

    if (cli_guide(cli, &guide, &ignored) == XG_OK &&
        xg_guide_catalogue(guide, &catalogue, NULL, UINT64_MAX, &ignored) ==
            XG_OK &&
        catalogue)
        found = xg_catalogue_of(catalogue, xg_kind_find(XG_KIND_INCIDENT),
                                category);
    return found ? (int64_t)found->radius_m * 1000 : -1;
}
