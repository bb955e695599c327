#!/bin/sh
# install.sh - installs the Debian packages that are missing, and only those.
#
#   sh ci/install.sh GROUP... [-- PACKAGE...]
#
# Groups: build (compiler, libraries, tests), run (display, drivers, apitrace, plots),
# fuzz (clang's sanitizer runtime), peers (code generators to measure beside ours), browser
# (Chromium, in which reports are looked at).  As root, or through sudo.  When nothing is
# missing, nothing is run and no network is touched.
set -eu

group_packages()
{
	case $1 in
	build)
		# any C compiler will do; gcc is installed when there is none
		command -v gcc >/dev/null || command -v clang >/dev/null || echo gcc
		echo libc6-dev make pkg-config libjson-c-dev libsnappy-dev libzstd-dev \
			libxxhash-dev libpng-dev libegl-dev libgl-dev libx11-dev libxml2-dev \
			khronos-api libcapstone-dev libcmocka-dev man-db groff-base \
			libavformat-dev libavcodec-dev libswscale-dev libavutil-dev ;;
	run)
		echo apitrace xvfb xauth mesa-utils virgl-server libgl1-mesa-dri libglx-mesa0 libegl1 \
			libegl-mesa0 libgl1 libxtst6 gnuplot-nox valgrind ca-certificates ;;
	peers)
		echo g++ libgccjit-12-dev libtcc-dev libasmjit-dev llvm-dev libpfm4-dev ;;
	fuzz)
		echo clang libclang-rt-14-dev ;;
	browser)
		echo chromium fonts-dejavu-core ;;
	*)
		echo "install.sh: no group '$1' (build, run, fuzz, peers, browser)" >&2
		exit 2 ;;
	esac
}

wanted=
while [ $# -gt 0 ]; do
	if [ "$1" = -- ]; then
		shift
		wanted="$wanted $*"
		break
	fi
	wanted="$wanted $(group_packages "$1")"
	shift
done

if ! command -v dpkg-query >/dev/null; then
	echo "install.sh: not a Debian machine; what is needed here is called there:" $wanted >&2
	exit 0
fi
missing=
for package in $wanted; do
	status=$(dpkg-query -W -f '${db:Status-Status} ' "$package" 2>/dev/null || true)
	case " $status" in
	*" installed "*) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || {
		echo "install.sh: these packages are missing:$missing (install them as root)" >&2
		exit 77
	}
	as_root=sudo
fi
export DEBIAN_FRONTEND=noninteractive
echo "installing$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! {
	$as_root apt-get -q update &&
	$as_root apt-get -q -y -o Dpkg::Use-Pty=0 install --no-install-recommends $missing
} >"$log" 2>&1 </dev/null; then
	tail -n 30 "$log" >&2
	echo "install.sh: apt-get could not install$missing" >&2
	exit 1
fi
