/* nmea.h - NMEA 0183 recordings, as receivers write them.
 *
 * GGA, RMC, GNS, GSA and ZDA of every talker (GP, GN, BD, GB, GL, GA, ...);
 * others are passed over. Every sentence must carry a checksum that holds: a
 * number cut short looks like a number. Garbled or cut lines and binary in
 * between are counted, never fatal; lines that begin with # are comments.
 *
 * An epoch is what carries the same time of day; its position comes from GGA,
 * else GNS, else RMC, its date from RMC or ZDA, carried over midnight. Without
 * any date there is no time, and the fixes are counted as untimed. Accuracy is
 * estimated as HDOP * 5 m (unknown without HDOP). Where any sentence of the
 * epoch says "no fix", there is none. Quality 6 is estimated (dead
 * reckoning), 7 (manual) and 8 (simulator) are mock. A two-digit year is
 * 1980..2079.
 */
#ifndef XG_AGENT_TRACK_NMEA_H
#define XG_AGENT_TRACK_NMEA_H

#include "agent/track/import.h"

/* XG_TOOBIG, XG_NOMEM; XG_FORMAT when there is no NMEA sentence at all. */
XG_MUST_CHECK enum xg_status track_nmea_read(struct track_import *import,
                                             struct xg_arena *a,
                                             struct xg_bytes file,
                                             struct xg_error *err);

#endif
