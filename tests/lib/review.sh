# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Helpers of the tests of `veil review`: after e2e.sh. A server for one
# recording runs behind BASE; `api` asks it as the browser that it let in.

REVIEW_PID=
trap 'stop_review; rm -rf "$TMP"' EXIT

# tiny_page FOLDER: stands in for the page that npm builds.
tiny_page() {
    mkdir -p "$1"
    echo '<!doctype html><title>t</title><script src="/app.js"></script>' > "$1/index.html"
    echo '"js";' > "$1/app.js"
    echo 'body{}' > "$1/app.css"
}

# bars FILE FRAMES ENCODING...: each frame shows its number as ten bars, least bit left.
bars() {
    local out=$1 n=$2
    shift 2
    ffmpeg -nostdin -v error -y -f lavfi -i "color=gray:s=320x96:r=25,format=yuv420p,
        geq=lum='if(mod(floor(N/pow(2,floor(X/32))),2),210,40)':cb=128:cr=128" -frames:v "$n" "$@" "$out"
}

# bars_of JPEG: the number that it shows.
bars_of() {
    ffmpeg -nostdin -v error -i "$1" -vf scale=10:1:flags=area,format=gray -f rawvideo - |
        perl -0777 -ne 'my ($n, $i) = (0, 0); $n += ($_ > 125) << $i++ for unpack "C*", $_; print $n'
}

# tracks_of VIDEO: a tracks file without tracks, as a scan that found nobody leaves it.
tracks_of() {
    ffprobe -v error -select_streams v:0 -show_entries \
        frame=best_effort_timestamp:stream=time_base,width,height,avg_frame_rate:stream_side_data=rotation -of json "$1" |
        jq --arg file "$1" --arg sha "$(sha256sum < "$1" | cut -c 1-64)" '
        .streams[0] as $s | [.frames | to_entries[] | .value.best_effort_timestamp // (.key * 48000)] as $pts |
        {format: "veil-tracks", version: 1, revision: 0, program: "test", detector: {}, tracks: [], zones: [], mutes: [],
         source: {file: $file, sha256: $sha, width: $s.width, height: $s.height,
                  rotation: ((360 - ($s.side_data_list[0].rotation // 0)) % 360), sar: "1/1",
                  frame_rate: $s.avg_frame_rate, time_base: $s.time_base, frames: ($pts | length), pts: $pts}}' \
        > "$1.tracks.json"
}

# review ARGS...: start it, and enter as the browser would.
review() {
    stop_review
    : > address.txt
    "$VEIL" review "$@" --page page --no-browser > address.txt 2> review.txt < /dev/null &
    REVIEW_PID=$!
    for _ in $(seq 400); do
        [ -s address.txt ] && break
        kill -0 $REVIEW_PID 2> /dev/null || { cat review.txt; return 1; }
        sleep 0.05
    done
    ADDRESS=$(cat address.txt)
    BASE=${ADDRESS%%/\?*}
    rm -f jar
}

enter() {
    curl -s -c jar -o entered.html "$ADDRESS"
}

stop_review() {
    [ -n "$REVIEW_PID" ] || return 0
    kill "$REVIEW_PID" 2> /dev/null
    wait "$REVIEW_PID" 2> /dev/null
    REVIEW_PID=
}

# api METHOD PATH [CURL ARGS...]: body to body.txt, headers to head.txt; prints the status.
api() {
    local method=$1 path=$2
    shift 2
    curl -s -b jar -X "$method" --path-as-is -H "Origin: $BASE" -D head.txt -o body.txt -w '%{http_code}' "$@" "$BASE$path"
}

# send METHOD PATH FILE [CURL ARGS...]: the same with a JSON body.
send() {
    local method=$1 path=$2 file=$3
    shift 3
    api "$method" "$path" -H 'Content-Type: application/json' --data-binary "@$file" "$@"
}

# shown N [W]: the number that frame N shows.
shown() {
    api GET "/api/frame/$1.jpg?w=${2:-320}" > /dev/null
    bars_of body.txt
}
