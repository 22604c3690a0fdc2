# shellcheck shell=sh
mkdir -p /etc/virtual/one.test /etc/virtual/two.test
echo 'anna:{PLAIN}river stone:5000:5000::/var/vmail/one.test/anna::userdb_quota_rule=*:bytes=800000' >/etc/virtual/one.test/passwd
echo 'ben:{PLAIN}open door:5000:5000::/var/vmail/two.test/ben::userdb_quota_rule=*:storage=5M' >/etc/virtual/two.test/passwd
