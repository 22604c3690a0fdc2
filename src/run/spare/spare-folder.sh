# A folder of its own for the program, $folder, which is gone when this shell ends. Folders of shells that were killed go first.
# shellcheck shell=sh
for old in "$SPARE_FOLDER".*; do
  owner=${old#"$SPARE_FOLDER".}
  [ -d "/proc/${owner%%.*}" ] || rm -rf -- "$old"
done
folder=$(mktemp -d "$SPARE_FOLDER.$$.XXXXXX") || exit 1
trap 'rm -rf -- "$folder"' EXIT
trap 'exit 1' HUP INT PIPE TERM
