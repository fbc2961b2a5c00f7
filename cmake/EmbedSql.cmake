# Placeholder until the SQL embedding is written.
function(xg_embed_sql target prefix folder)
endfunction()
