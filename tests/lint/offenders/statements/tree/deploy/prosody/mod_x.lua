local good = connection:prepare("SELECT account FROM jidgate.login_candidates(decode(?, 'hex'))")
local bad = connection:prepare("SELECT account FROM jidgate.login_candidates('" .. hex .. "')")
local title = "Selected: " .. name
