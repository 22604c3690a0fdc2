# The journal: what each transaction changed, and how it ended. Read-only.
#   tx ID STATE WHO REASON        (WHO and REASON in base64)
#   apt PACKAGES                  (base64; lines `installed NAME` or `removed NAME`; absent if the run changed no packages)
#   file KIND MODE OWNER PATH SHA256-BEFORE BEFORE AFTER        (BEFORE and AFTER in base64, "-" for no file)
# shellcheck shell=sh
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
code() { base64 -w 0; }
content() { if [ -f "$1" ]; then code <"$1"; else printf '%s' -; fi; }
for tx in "$JOURNAL"/2*/; do
  tx=${tx%/}
  read -r state <"$tx/state" 2>/dev/null || continue
  reason=$(sed -n '/^end [^ ]* committed /d; s/^end [^ ]* [^ ]* //p' "$tx/log" 2>/dev/null | tail -n 1)
  printf 'tx %s %s %s %s\n' "${tx##*/}" "$state" "$(content "$tx/who")" "$(printf '%s' "$reason" | code)"
  [ ! -f "$tx/packages" ] || printf 'apt %s\n' "$(content "$tx/packages")"
  while read -r n kind sha_before _ bits owner target; do
    printf 'file %s %s %s %s %s %s %s\n' "$kind" "$bits" "$owner" "$target" "$sha_before" \
      "$(content "$tx/before/$n")" "$(content "$tx/after/$n")"
  done <"$tx/manifest"
done
exit 0
