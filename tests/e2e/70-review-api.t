#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Goal: `veil review` answers one browser, on loopback, and nobody else; its
# pictures are those of the frame asked for; two writers cannot lose work.

LIB=$(realpath "$(dirname "$0")/../lib")
. "$LIB/e2e.sh"
. "$LIB/review.sh"

tiny_page page
bars bars.mp4 120 -c:v libx264 -preset veryfast -g 30 -bf 3
tracks_of bars.mp4

# ---- before it serves -----------------------------------------------------------

ok "no input: exit 2" exits 2 veil review
ok "a missing input is one sentence" one_sentence "no video was named"
ok "a video that is not there: exit 2" exits 2 veil review none.mp4 --page page --no-browser
ok "names it" one_sentence "none.mp4"
ok "a page that is not there: exit 2" exits 2 veil review bars.mp4 --page nowhere --no-browser
ok "says what fills the folder" one_sentence "make page"
echo '{"format":"veil-tracks"' > cut.json
ok "a tracks file cut short: exit 2" exits 2 veil review bars.mp4 cut.json --page page --no-browser
ok "names the tracks file" one_sentence "cut.json"

bars other.mp4 60 -c:v libx264 -preset veryfast
bars small.mp4 60 -c:v libx264 -preset veryfast -vf scale=160:48
tracks_of bars.mp4
ok "the tracks of another video: exit 2" exits 2 veil review other.mp4 bars.mp4.tracks.json --page page --no-browser
ok "says which" one_sentence "SHA-256 differs"
ok "the tracks of a video of another size: exit 2" exits 2 veil review small.mp4 bars.mp4.tracks.json --page page --no-browser
ok "says which" one_sentence "160x48"

# ---- who gets in -------------------------------------------------------------------

ok "starts" review bars.mp4
status() {
    curl -s -o body.txt -w '%{http_code}' --path-as-is "$@"
}
# The kernel's own list: addresses are in hexadecimal, least byte first; 0A is LISTEN.
listening() {
    local hex
    hex=$(printf '%04X' "${BASE##*:}")
    awk -v port=":$hex" '$4 == "0A" && index($2, port) { sub(/:.*/, "", $2); print $2 }' /proc/net/tcp /proc/net/tcp6 |
        sort -u | xargs
}
is "only 127.0.0.1 listens" "$(listening)" 0100007F
is "256 bit of token" "$(printf %s "${ADDRESS##*=}" | wc -c)" 64
for path in / /app.js /app.css /api/job /api/tracks /api/frame/0.jpg /api/preview/0.jpg /api/thumb/1.jpg /api/render /nothing \
    "/?t=" "/?t=$(printf '0%.0s' $(seq 64))" "/api/job?t=${ADDRESS##*=}"; do
    is "without the token 403: $path" "$(status "$BASE$path" | head -c 3)" 403
done
is "without the token nothing is written" "$(status -X PUT -d '{}' "$BASE/api/tracks")" 403
is "without the token nothing ends" "$(status -X POST "$BASE/api/quit")" 403
is "the token with another Host" "$(status -H 'Host: evil.example' "$ADDRESS")" 403
is "the token as POST" "$(status -X POST "$ADDRESS")" 403
ok "the token lets one in" enter
ok "sets a cookie that scripts and other sites do not get" grep -q '#HttpOnly_127.0.0.1.*veil-' jar
is "the token lets nobody else in" "$(status "$ADDRESS")" 403
is "the same browser may load the address again" "$(status -b jar "$ADDRESS")" 200
is "the page" "$(api GET /)" 200
ok "is the one that was built" cmp body.txt page/index.html
for wanted in "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" \
    "X-Content-Type-Options: nosniff" "Cache-Control: no-store" "Referrer-Policy: no-referrer"; do
    ok "header ${wanted%%:*}" grep -qF "$wanted" head.txt
done
ok "no header lets other origins read" not grep -qi 'Access-Control-Allow' head.txt

ask() {
    curl -s -b jar -o body.txt -w '%{http_code}' "$@"
}
port=${BASE##*:}
is "another Host (DNS rebinding)" "$(ask -H "Host: evil.example:$port" "$BASE/api/job")" 403
is "localhost is another Host" "$(ask -H "Host: localhost:$port" "$BASE/api/job")" 403
is "another port as Host" "$(ask -H "Host: 127.0.0.1:1" "$BASE/api/job")" 403
is "another Origin" "$(ask -H 'Origin: http://evil.example' "$BASE/api/job")" 403
is "another port as Origin" "$(ask -H 'Origin: http://127.0.0.1:1' "$BASE/api/job")" 403
is "Origin null" "$(ask -H 'Origin: null' "$BASE/api/job")" 403
is "a page of the same site asks" "$(ask -H 'Sec-Fetch-Site: same-site' "$BASE/api/job")" 403
is "a change without Origin" "$(ask -X POST "$BASE/api/quit")" 403
is "a wrong cookie" "$(status -b "veil-$port=$(printf 'a%.0s' $(seq 64))" "$BASE/api/job")" 403
is "an empty cookie" "$(status -b "veil-$port=" "$BASE/api/job")" 403

# Strangers hold no place for long: 300 connections that say nothing, or only half a request, keep nobody out.
perl -MIO::Socket::INET -e '
    my @held;
    for my $i (1 .. 300) {
        my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0], Timeout => 5) or next;
        print $s "GET / HTTP/1.1\r\nHost: 127" if $i % 2;
        push @held, $s;
    }
    open my $f, ">", "held.txt"; print $f scalar @held, "\n"; close $f;
    sleep 60' "${BASE##*:}" &
HOLDER=$!
for _ in $(seq 200); do [ -s held.txt ] && break; sleep 0.05; done
ok "300 connections were opened" [ "$(cat held.txt)" -gt 250 ]
is "with them open the browser is answered" "$(api GET /api/job -m 8)" 200
is "and one without the cookie is refused in words" "$(status -m 8 "$BASE/")" 403
kill $HOLDER
wait $HOLDER 2> /dev/null

# ---- what is asked ---------------------------------------------------------------------

is "nothing there" "$(api GET /nothing)" 404
is "no folder is served" "$(api GET /../../../../etc/passwd)" 404
is "nor by its escapes" "$(api GET /%2e%2e/%2e%2e/etc/passwd)" 404
is "nor behind an address" "$(api GET /api/frame/../../../etc/passwd)" 404
is "a frame of no number" "$(api GET /api/frame/1e3.jpg)" 404
is "a number of 300 digits" "$(api GET "/api/frame/$(printf '9%.0s' $(seq 300)).jpg")" 404
is "a method that is not taken" "$(api DELETE /api/tracks)" 405
is "TRACE" "$(api TRACE /)" 405
echo '{}' > empty.json
head -c 70000 /dev/zero | tr '\0' ' ' > big.json
is "a body that is too long" "$(send POST /api/render big.json)" 413
is "a length that is not true is refused before it is read" \
    "$(api PUT /api/tracks -H 'Content-Type: application/json' -H 'Content-Length: 99999999999' --max-time 5)" 413
is "a body in pieces" "$(send POST /api/render empty.json -H 'Transfer-Encoding: chunked')" 411
is "a form" "$(api POST /api/render -d a=b)" 415
is "a body where none is taken" "$(send GET /api/job empty.json)" 413
printf '{"output": "a.mp4"' > bad.json
is "bad JSON" "$(send POST /api/render bad.json)" 400
ok "says so" grep -q 'not JSON' body.txt
for name in ../x.mp4 /tmp/x.mp4 x.txt .mp4 '' -y.mp4 'a/b.mp4' "$(printf 'a%.0s' $(seq 300)).mp4"; do
    jq -n --arg o "$name" '{output: $o}' > name.json
    is "no output '${name:0:20}'" "$(send POST /api/render name.json)" 400
done
is "no output at all" "$(send POST /api/render empty.json)" 400
jq -n '{output: "bars.mp4"}' > name.json
is "the source is not replaced" "$(send POST /api/render name.json)" 409

# ---- saving ------------------------------------------------------------------------------

is "the tracks file" "$(api GET /api/tracks)" 200
ok "is the one on the disk" cmp body.txt bars.mp4.tracks.json
ok "with its revision" grep -qi '^etag: "0"' head.txt
jq -c '.tracks = [{id: 1, action: "cover", reason: "", note: "", consent: "",
    boxes: [range(10; 60) | [., 40, 20, 40, 40, "m", 1]]}]' bars.mp4.tracks.json > one.json
is "no If-Match" "$(send PUT /api/tracks one.json)" 428
is "If-Match: *" "$(send PUT /api/tracks one.json -H 'If-Match: *')" 428
is "the first writer saves" "$(send PUT /api/tracks one.json -H 'If-Match: "0"')" 200
is "and learns the revision" "$(jq .revision body.txt)" 1
is "the file has it" "$(jq .revision bars.mp4.tracks.json)" 1
is "the second writer does not" "$(send PUT /api/tracks one.json -H 'If-Match: "0"')" 412
is "and learns the revision that is there" "$(jq .revision body.txt)" 1
jq -c '.source.sha256 = "00"' one.json > other.json
is "a file of another video" "$(send PUT /api/tracks other.json -H 'If-Match: "1"')" 400
head -c 300 one.json > half.json
is "half a file" "$(send PUT /api/tracks half.json -H 'If-Match: "1"')" 400
jq -c '.tracks[0].boxes[0] = [1, 2]' one.json > short.json
is "a box that is none" "$(send PUT /api/tracks short.json -H 'If-Match: "1"')" 400
is "nothing of these was saved" "$(jq -c '[.revision, (.tracks | length)]' bars.mp4.tracks.json)" '[1,1]'
jq -c '.revision = 2 | .tracks[0].note = "elsewhere"' bars.mp4.tracks.json > new.json && mv new.json bars.mp4.tracks.json
is "another program saved meanwhile" "$(send PUT /api/tracks one.json -H 'If-Match: "1"')" 412
is "its work is there" "$(jq -r '.tracks[0].note' bars.mp4.tracks.json)" elsewhere
one_saves() {
    curl -s -b jar -X PUT -H "Origin: $BASE" -H 'Content-Type: application/json' -H 'If-Match: "2"' \
        --data-binary @one.json -o /dev/null -w '%{http_code}\n' "$BASE/api/tracks"
}
is "of eight at once, one saves" \
    "$(for _ in 1 2 3 4 5 6 7 8; do one_saves & done | sort | uniq -c | awk '{ print $1 "x" $2 }' | xargs)" "1x200 7x412"

# ---- pictures ------------------------------------------------------------------------------

is "the job" "$(api GET /api/job)" 200
is "knows the recording" "$(jq -c '[.name, .width, .height, .frames, .frame_rate]' body.txt)" '["bars.mp4",320,96,120,"25/1"]'
is "a frame" "$(api GET '/api/frame/7.jpg?w=160')" 200
size_of() {
    ffprobe -v error -show_entries stream=width,height -of csv=p=0 "$1"
}
is "as wide as asked" "$(size_of body.txt)" 160,48
is "past the end" "$(api GET /api/frame/120.jpg)" 404
is "a face" "$(api GET '/api/thumb/1.jpg?h=32')" 200
is "a track that is not there" "$(api GET /api/thumb/2.jpg)" 404
dark() { # the place of the box, as a mean
    ffmpeg -nostdin -v error -i body.txt -vf crop=40:40:40:20,scale=1:1:flags=area,format=gray -f rawvideo - | od -An -tu1 | xargs
}
api GET '/api/preview/31.jpg?w=320' > /dev/null
ok "the preview covers the box" test "$(dark)" -lt 20
api GET '/api/frame/31.jpg?w=320' > /dev/null
ok "the frame does not" test "$(dark)" -gt 100
api GET '/api/preview/70.jpg?w=320' > /dev/null
ok "nor the preview where there is no box" test "$(dark)" -gt 30

# frames NAME: forwards, backwards, far and near, all are what they should be.
frames() {
    local n got bad=0
    for n in 0 1 2 17 18 119 64 63 31 30 29 90 5 118 45; do
        got=$(shown $n)
        [ "$got" = $n ] || { echo "frame $n shows ${got:-nothing}"; bad=1; }
    done
    return $bad
}
ok "H.264 with B-frames: exact" frames

for n in 110 20 70 119 55; do
    curl -s -b jar --max-time 0.01 -o gone.jpg "$BASE/api/frame/$n.jpg?w=300" # gives up
done
ok "exact after requests that were given up" frames

is "ends" "$(api POST /api/quit)" 200
wait "$REVIEW_PID"
is "with code 0" $? 0
REVIEW_PID=

each() {
    local text=$1 file=$2
    shift 2
    bars "$file" 120 "$@"
    tracks_of "$file"
    review "$file" && enter
    ok "$text: exact" frames
}
each "open GOPs" open.mp4 -c:v libx264 -preset veryfast -x264-params open-gop=1:keyint=20:bframes=4:b-adapt=0
each "no key frames but the first" refresh.mkv -c:v libx264 -preset veryfast -x264-params intra-refresh=1:keyint=25
each "MPEG-2 in a transport stream" m2.ts -c:v mpeg2video -q:v 3 -g 15 -bf 2
each "MPEG-4 in AVI" m4.avi -c:v mpeg4 -q:v 3 -g 20
each "VP9 with hidden frames" vp9.webm -c:v libvpx-vp9 -b:v 200k -cpu-used 8 -deadline realtime -g 40 -auto-alt-ref 1 -lag-in-frames 16
each "H.264 without times" raw.h264 -c:v libx264 -preset veryfast -g 30 -bf 2

# ---- a drawn box is followed --------------------------------------------------------------------

# Something that moves by 2 pixels a frame, drawn at frame 30, in a scene that ends at frame 60.
ffmpeg -nostdin -v error -y -f lavfi -i "color=gray:s=320x192:r=25,format=yuv420p,
    geq=lum='if(lt(N,60),110+20*sin(X/9)+15*cos(Y/7),230)':cb=128:cr=128" -f lavfi -i "nullsrc=s=48x48:r=25,format=yuv420p,
    geq=lum='128+60*sin(X*Y/60)+50*cos(X/4)':cb=128:cr=128" \
    -lavfi "overlay=x='20+2*n':y=60:shortest=1" -frames:v 80 -c:v libx264 -preset veryfast -crf 18 moving.mp4
tracks_of moving.mp4
review moving.mp4 && enter
follow() {
    printf '{"frame": %s, "box": %s, "limit_s": 10}' "$1" "$2" > follow.json
    send POST /api/follow follow.json
}
is "a box is followed" "$(follow 30 '[80, 60, 48, 48]')" 200
at() { # X of the box in that frame
    jq ".boxes[] | select(.[0] == $1) | .[1]" body.txt
}
for n in 0 10 29 31 45 59; do
    ok "to frame $n" near_number 3 "$(at $n)" $((20 + 2 * n))
done
is "frames rise" "$(jq '[.boxes[][0]] == ([.boxes[][0]] | sort | unique)' body.txt)" true
is "to the cut and the first frame" "$(jq -c '[.boxes[0][0], .boxes[-1][0], .stopped.forward, .stopped.backward]' body.txt)" \
    '[0,59,"cut","end"]'
is "a frame that is not there" "$(follow 80 '[80, 60, 48, 48]')" 404
for box in '[80, 60, 48]' '[1e9, 60, 48, 48]' '[80, 60, 0, 48]' '["a", 60, 48, 48]' '"80"' null; do
    is "no box: $box" "$(follow 30 "$box")" 400
done

# ---- turned, and not square -------------------------------------------------------------------

ffmpeg -nostdin -v error -y -display_rotation:v:0 -90 -i bars.mp4 -c copy turned.mp4 2> /dev/null ||
    ffmpeg -nostdin -v error -y -i bars.mp4 -c copy -metadata:s:v:0 rotate=90 turned.mp4
tracks_of turned.mp4
review turned.mp4 && enter
api GET '/api/frame/3.jpg?w=96' > /dev/null
is "a turned recording is shown upright" "$(size_of body.txt)" 96,320
kill -TERM "$REVIEW_PID" # a shell's background jobs ignore SIGINT
wait "$REVIEW_PID"
is "a signal ends it well" $? 0
REVIEW_PID=

# ---- sound -----------------------------------------------------------------------------------

# A tone of 1 kHz from second 5 on, stereo and 48 kHz: silence in piece 0, and in piece 1 until one second in.
ffmpeg -nostdin -v error -y -i bars.mp4 -f lavfi -i "sine=f=1000:r=48000:d=5,adelay=5000:all=1" -filter_complex '[1:a]apad=whole_dur=10,aformat=channel_layouts=stereo[a]' \
    -map 0:v -map '[a]' -c:v copy -c:a aac -t 10 tone.mp4
tracks_of tone.mp4
ok "a recording with sound" review tone.mp4
enter
is "it has sound" "$(api GET /api/job > /dev/null; jq .audio body.txt)" true
# heard FROM TO: mean of what is heard between two samples, and its zero crossings
heard() {
    perl -0777 -ne 'my @s = unpack "x44 s<*", $_; my ($m, $c) = (0, 0);
        for my $i ('"$1 .. $2"' - 1) { $m += abs $s[$i]; $c++ if ($s[$i] < 0) != ($s[$i + 1] < 0) }
        printf "%d %d", $m / ('"$2 - $1"'), $c' body.txt
}
is "a piece of sound" "$(api GET /api/sound/0.wav)" 200
is "is four seconds of one channel at 24 kHz" "$(ffprobe -v error -show_entries stream=sample_rate,channels,duration_ts -of csv=p=0 body.txt)" 24000,1,96000
is "silent where it is" "$(heard 0 95000)" "0 0"
api GET /api/sound/1.wav > /dev/null
is "silent until the tone" "$(heard 0 23000 | cut -d ' ' -f 1)" 0
read -r mean crossings <<< "$(heard 26000 50000)"
ok "the tone from there" [ "$mean" -gt 1000 ]
ok "at its pitch" [ "$crossings" -gt 1990 -a "$crossings" -lt 2010 ]
is "after the end" "$(api GET /api/sound/9.wav)" 404
is "far after the end" "$(api GET /api/sound/999999999999999.wav)" 404
ok "one without sound" review bars.mp4
enter
is "says so" "$(api GET /api/sound/0.wav)" 404

# ---- the browser -----------------------------------------------------------------------------

mkdir bin run
printf '#!/bin/sh\nstat -c %%a "$1" > opened.mode\ncp "$1" opened.html\necho "$1" > opened.path\n' > bin/xdg-open
chmod +x bin/xdg-open
: > address.txt
stop_review
PATH=$PWD/bin:$PATH XDG_RUNTIME_DIR=$PWD/run "$VEIL" review bars.mp4 --page page > address.txt 2> review.txt < /dev/null &
REVIEW_PID=$!
for _ in $(seq 200); do
    [ -s opened.path ] && [ -s address.txt ] && break
    sleep 0.05
done
is "the browser gets a file that only we can read" "$(cat opened.mode)" 600
ok "with the address in it" grep -qF "url=$(cat address.txt)" opened.html
ok "the token is in no command line" not grep -qF "$(sed 's/.*=//' address.txt)" "/proc/$REVIEW_PID/cmdline"
kill -TERM "$REVIEW_PID"
wait "$REVIEW_PID"
REVIEW_PID=
ok "the file goes at the end" test ! -e "$(cat opened.path)"
done_testing
