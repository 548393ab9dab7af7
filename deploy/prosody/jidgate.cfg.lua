-- SPDX-License-Identifier: GPL-3.0-or-later
-- What Prosody (0.12, 13) needs for jidgate. Copy this to /etc/prosody/conf.d/, put the secret of
-- /etc/jidgate/component.secret into it, and restart Prosody: a reload starts no
-- component.
--
-- The component port is 5347 on the loopback interface by default; jidgate's `[xmpp] server` names
-- it. Prosody has no TLS of its own on that port: on one machine it needs none.

Component "gate.example.org"
    component_secret = "the content of component.secret"
    -- A daemon that comes back takes the place of its predecessor's connection, which may hang.
    component_conflict_resolve = "kick_old"

-- So that people manage their certificates (XEP-0257) from their own clients, which ask their own
-- server: install prosody-modules, add this line to the component above,
--
--     modules_enabled = { "delegation" }
--
-- these two to the section of the accounts' VirtualHost, and restart Prosody; reloading the module
-- would end the delegation.
--
--     modules_enabled = { "delegation" }   -- beside what is enabled there already
--     delegations = { ["urn:xmpp:saslcert:1"] = { jid = "gate.example.org" } }
