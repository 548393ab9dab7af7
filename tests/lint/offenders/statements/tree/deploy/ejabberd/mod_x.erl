good(C, Hex) -> pgsql:pquery(C, "SELECT account FROM f(decode($1, 'hex'))", [Hex]).
bad(C, Hex) -> pgsql:squery(C, "SELECT account FROM f('" ++ Hex ++ "')").
