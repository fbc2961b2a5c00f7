-- The statements of agent/mbtiles.c, over a file that somebody brought: no
-- sorting, no grouping, and no table of it that is not an ordinary one.

-- name: metadata
SELECT CAST(value AS TEXT) FROM metadata WHERE name = ?1 LIMIT 1

-- A map of one table.
-- name: flat_extent
SELECT min(zoom_level), max(zoom_level), count(*) FROM tiles

-- name: flat_sample
SELECT tile_column, tile_row, tile_data FROM tiles
WHERE zoom_level = ?1 LIMIT 1

-- name: flat_tile
SELECT tile_data FROM tiles
WHERE zoom_level = ?1 AND tile_column = ?2 AND tile_row = ?3 LIMIT 1

-- One that keeps equal pictures once; `tiles` is then a view that is not asked.
-- name: joined_extent
SELECT min(zoom_level), max(zoom_level), count(*) FROM map

-- name: joined_sample
SELECT m.tile_column, m.tile_row, i.tile_data
FROM map AS m CROSS JOIN images AS i ON i.tile_id = m.tile_id
WHERE m.zoom_level = ?1 LIMIT 1

-- name: joined_tile
SELECT i.tile_data FROM map AS m CROSS JOIN images AS i ON i.tile_id = m.tile_id
WHERE m.zoom_level = ?1 AND m.tile_column = ?2 AND m.tile_row = ?3 LIMIT 1
