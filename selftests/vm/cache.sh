# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the scripts of this folder: where things are cached, one lock per
# thing, and Debian packages unpacked without being installed (no root, nothing
# changes on the host). Expects $here (this folder) to be set.

repo=$(cd "$here/../.." && pwd -P)
cache=${CELLRELAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cellrelay}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
PATH=$PATH:/usr/sbin:/sbin
export PATH

die() { echo "${0##*/}: $*" >&2; exit 125; }
say() { echo "# $*" >&2; }

# Release name of the host, as in apt sources.
host_release() {
	# shellcheck disable=SC1091
	(. /etc/os-release && echo "${VERSION_CODENAME:-}")
}

# Order of releases, to tell which libc is the newer one.
release_number() {
	case $1 in
	bookworm) echo 12 ;;
	trixie) echo 13 ;;
	forky) echo 14 ;;
	*) die "release '$1' of this machine is not known (Debian 12 or 13 is needed)" ;;
	esac
}

kernel_names() { awk '!/^#/ && NF && !seen[$1]++ { print $1 }' "$here/kernels"; }

# kernel_line NAME: from, target, image, headers
kernel_line() {
	awk -v n="$1" -v h="$(host_release)" \
		'!/^#/ && $1 == n && ($2 == h || $2 == "any") { print $3, $4, $5, $6; exit }' "$here/kernels"
}

# with_lock NAME COMMAND...: one process at a time does COMMAND, others wait.
with_lock() {
	local name=$1
	shift
	mkdir -p "$cache/lock" || die "cannot write to $cache (set CELLRELAY_CACHE to a folder that you own)"
	(
		flock -n 9 || { say "waiting for another process that prepares $name"; flock 9; }
		"$@"
	) 9>"$cache/lock/$name"
}

# Archives that the host is configured to use: "main URL" and "security URL".
host_archives() {
	local rel
	rel=$(host_release)
	apt-get indextargets --format '$(CREATED_BY)|$(REPO_URI)|$(RELEASE)|$(CODENAME)|$(COMPONENT)' |
		awk -F'|' -v r="$rel" '$1 == "Packages" && $5 == "main" {
			if ($3 == r || $4 == r) main = $2
			if ($3 == r "-security" || $4 == r "-security") sec = $2
		}
		END { if (main) print "main", main; if (sec) print "security", sec }'
}

# apt_for RELEASE: prints the path of an apt configuration for RELEASE that
# uses the host's archives and shares nothing else with the host's apt.
apt_for() {
	local rel=$1 dir=$cache/apt/$1 main sec
	if [ ! -e "$dir/fresh" ] || [ -n "$(find "$dir/fresh" -mmin +180)" ]; then
		mkdir -p "$dir"/{state/lists/partial,cache/archives/partial,none}
		main=$(host_archives | sed -n 's/^main //p')
		sec=$(host_archives | sed -n 's/^security //p')
		[ -n "$main" ] || die "apt names no archive for $(host_release) on this machine: see /etc/apt/sources.list"
		[ -r "$keyring" ] || die "$keyring is missing: install debian-archive-keyring"
		{
			for suite in "$rel" "$rel-updates" "$rel-backports"; do
				echo "deb [signed-by=$keyring] $main $suite main"
			done
			[ -z "$sec" ] || echo "deb [signed-by=$keyring] $sec $rel-security main"
		} >"$dir/sources.list"
		: >"$dir/status"
		cat >"$dir/apt.conf" <<-CONF
		Dir::State "$dir/state";
		Dir::State::status "$dir/status";
		Dir::Cache "$dir/cache";
		Dir::Cache::archives "archives";
		Dir::Etc::sourcelist "$dir/sources.list";
		Dir::Etc::sourceparts "$dir/none";
		Dir::Etc::preferences "$dir/none/none";
		Dir::Etc::preferencesparts "$dir/none";
		APT::Architecture "amd64";
		APT::Architectures { "amd64"; };
		APT::Sandbox::User "$(id -un)";
		APT::Install-Recommends "false";
		Acquire::Languages "none";
		Acquire::Retries "3";
		CONF
		say "reading the package lists of $rel"
		apt-get -c "$dir/apt.conf" -qq update >"$dir/update.log" 2>&1 ||
			{ cat "$dir/update.log" >&2; die "apt cannot read the package lists of $rel"; }
		touch "$dir/fresh"
	fi
	echo "$dir/apt.conf"
}

# apt_uris CONF TARGET PACKAGE...: "URL file size hash" of the packages and all
# that they depend on; TARGET is the release to prefer, - for none.
apt_uris() {
	local conf=$1 target=${2#-}
	shift 2
	apt-get -c "$conf" -qq ${target:+-t "$target"} --print-uris install "$@" 2>/dev/null | tr -d "'"
}

# Lines of apt_uris without their URL, as name=version.
package_versions() {
	awk '{ split($1, p, "_"); gsub(/%3a/, ":", p[2]); gsub(/%2b/, "+", p[2]); gsub(/%7e/, "~", p[2]); print p[1] "=" p[2] }'
}

# unpack CONF DIR PACKAGE-FILE...: fetch with apt (which checks the signatures)
# and unpack into DIR. Packages are given as name=version.
unpack() {
	local conf=$1 dir=$2 debs
	shift 2
	debs=$(mktemp -d "$cache/tmp.XXXXXX")
	mkdir -p "$dir"/usr/{bin,sbin,lib,lib64}
	for d in bin sbin lib lib64; do
		[ -e "$dir/$d" ] || ln -s "usr/$d" "$dir/$d"
	done
	(cd "$debs" && apt-get -c "$conf" -qq download "$@" >&2) ||
		{ rm -rf "$debs"; die "cannot fetch packages: $*"; }
	for deb in "$debs"/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" |
			tar -C "$dir" -x --keep-directory-symlink --no-same-owner --delay-directory-restore ||
			die "cannot unpack ${deb##*/} into $dir"
	done
	rm -rf "$debs"
}
