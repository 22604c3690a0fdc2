# Installs the packages named in $packages. Messages of dpkg's tools go to standard error, apt's progress to standard output.
# shellcheck shell=sh disable=SC2154 # $packages and $mailname are set by the lines before
LC_ALL=C DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL DEBIAN_FRONTEND PATH

case " $packages " in
  *' postfix '*)
    # Answers the installer's question: a server that receives mail for its own name.
    printf 'postfix postfix/main_mailer_type select Internet Site\npostfix postfix/mailname string %s\n' "$mailname" |
      debconf-set-selections
    ;;
esac

# Refresh the package lists first. A failed update (one dead source among many) does not prevent the installation.
apt-get -q update || echo 'apt-get update failed: the installation continues with the present package lists' >&2
# shellcheck disable=SC2086
apt-get -q -y -o DPkg::Lock::Timeout=10 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install $packages && exit
code=$?
# Names the process that holds apt's locks. apt itself names it only if it happened to show what it waited for.
lslocks -nro PID,COMMAND,PATH 2>/dev/null |
  sed -nE 's,^([0-9]+) ([^ ]+) (/var/lib/dpkg/lock(-frontend)?|/var/cache/apt/archives/lock)$,held by process \1 (\2),p' >&2
exit "$code"
