local users = { ["anna@one.test"] = "river stone", ["ben@one.test"] = "open door" }
function auth_passdb_lookup(req)
  if users[req.user] == nil then
    return dovecot.auth.PASSDB_RESULT_USER_UNKNOWN, "no such user"
  end
  return dovecot.auth.PASSDB_RESULT_OK, { password = "{PLAIN}" .. users[req.user] }
end
function auth_userdb_lookup(req)
  if users[req.user] == nil then
    return dovecot.auth.USERDB_RESULT_USER_UNKNOWN, "no such user"
  end
  return dovecot.auth.USERDB_RESULT_OK, { uid = "5000", gid = "5000", home = "/var/vmail/" .. req.user }
end
function script_init()
  return 0
end
function script_deinit()
end
