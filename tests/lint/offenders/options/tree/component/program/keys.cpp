// SPDX-License-Identifier: GPL-3.0-or-later
// Keys that are documented wrongly.
constexpr Key table[] = {
    {"xmpp", "server", single, "127.0.0.1:5347", "Right in both."},
    {"http", "workers", single, "4", "Other defaults."},
    {"http", "max-waiting", single, "10000",
     "Nowhere."},
    {"site.NAME", "origin", words, "", "Without an example."},
};
