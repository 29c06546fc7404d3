#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Wall and CPU time of `veil redact` as ratios to ffmpeg with the same encoder settings, in the same run; the same for
# the face blurs that people use today, where they are installed; and the peak memory. Ends with name=value lines.
#   RUNS=5 [BUSY=clip.mp4] [SPARSE=clip.mp4] tests/bench/overhead.sh
# Peers: frei0r-plugins, gstreamer1.0-{tools,opencv,libav,plugins-good,plugins-ugly}, python3-opencv.
set -euo pipefail
veil=${VEIL:-build/veil}
street=${STREET:-$(dirname "$veil")/samples/street/street}
runs=${RUNS:-5}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cascade=/usr/share/opencv4/haarcascades/haarcascade_frontalface_default.xml

render() { "$street" --size 1920x1080 --frames "$2" --people "$1" --seed 4 --crf 18 -o "$3" >/dev/null 2>&1; }
busy=${BUSY:-${VEIL_TEST_MEDIA:-}/video/facenet_pytorch/video.mp4}
if [ ! -f "$busy" ]; then
    busy=$tmp/busy.mp4
    render 14 150 "$busy"
fi
sparse=${SPARSE:-$tmp/sparse.mp4}
[ -f "$sparse" ] || render 3 750 "$sparse" # half a minute: the first frames of a scene are all searched

ff() { echo "ffmpeg -v error -y -i $1 -map 0:v:0 -map 0:a? $3 -c:v libx264 -preset $2 -crf 20 -c:a copy $tmp/ff.mp4"; }
# ratio NAME CLIP PRESET COMMAND: fastest of $runs, COMMAND over ffmpeg, turn and turn about
ratio() {
    hyperfine -N -w 1 -r "$runs" --export-json "$tmp/h.json" "$(ff "$2" "$3" "")" "$4" >/dev/null 2>"$tmp/why" || {
        echo "$1: did not run here: $(tail -n 1 "$tmp/why")"
        return 0
    }
    jq -r --arg n "$1" '.results | "\($n).wall=\(.[1].min / .[0].min * 1000 | round / 1000)",
        "\($n).cpu=\(([.[1].user + .[1].system] | add) / ([.[0].user + .[0].system] | add) * 1000 | round / 1000)"' \
        "$tmp/h.json"
}

# redact NAME CLIP PRESET OPTIONS...
redact() {
    local name=$1 clip=$2 preset=$3
    shift 3
    ratio "redact.$name.$preset" "$clip" "$preset" \
        "$veil redact $clip -o $tmp/veil.mp4 -f -q --crf 20 --preset $preset $*"
}

# peak NAME OPTIONS...: most memory in MiB, over the clip played ten times
peak() {
    local name=$1
    shift
    ffmpeg -v error -y -stream_loop 9 -i "$busy" -c copy "$tmp/long.mp4"
    "$veil" redact "$tmp/long.mp4" -o "$tmp/veil.mp4" -f -q "$@" &
    local pid=$! most=0 now
    while now=$(awk '/VmHWM/ { print int($2 / 1024) }' "/proc/$pid/status" 2>/dev/null) && [ -n "$now" ]; do
        most=$now
        sleep 0.2
    done
    wait "$pid"
    echo "$name.peak_mib=$most"
}

# What a person writes who has OpenCV and an afternoon.
cat >"$tmp/peer.py" <<'END'
import cv2, subprocess, sys
video = cv2.VideoCapture(sys.argv[1])
faces = cv2.CascadeClassifier(sys.argv[3])
w, h = int(video.get(cv2.CAP_PROP_FRAME_WIDTH)), int(video.get(cv2.CAP_PROP_FRAME_HEIGHT))
out = subprocess.Popen(["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", "%dx%d" % (w, h),
                        "-r", str(video.get(cv2.CAP_PROP_FPS)), "-i", "-", "-c:v", "libx264", "-preset", "veryfast",
                        "-crf", "20", "-pix_fmt", "yuv420p", sys.argv[2]], stdin=subprocess.PIPE)
while True:
    ok, frame = video.read()
    if not ok:
        break
    for x, y, fw, fh in faces.detectMultiScale(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), 1.1, 5):
        frame[y:y + fh, x:x + fw] = cv2.GaussianBlur(frame[y:y + fh, x:x + fw], (99, 99), 30)
    out.stdin.write(frame.tobytes())
out.stdin.close()
out.wait()
END

peers() {
    local runs=${PEER_RUNS:-2}
    if [ ! -f "$cascade" ]; then
        echo "peers: no $cascade: not measured"
        return 0
    fi
    ratio peer.facebl0r.veryfast "$busy" veryfast "$(ff "$busy" veryfast "-vf frei0r=facebl0r:$cascade,format=yuv420p")"
    ratio peer.faceblur.veryfast "$busy" veryfast "gst-launch-1.0 -q filesrc location=$busy ! decodebin ! videoconvert !
        faceblur profile=$cascade ! videoconvert ! x264enc pass=quant quantizer=20 speed-preset=veryfast ! mp4mux !
        filesink location=$tmp/gst.mp4"
    ratio peer.python.veryfast "$busy" veryfast "/usr/bin/python3 $tmp/peer.py $busy $tmp/py.mp4 $cascade"
}

redact null "$busy" veryfast --chain null --allow-bare
redact 640every3 "$busy" veryfast --detect-size 640 --detect-every 3
redact busy "$busy" veryfast
redact busy "$busy" medium
redact sparse "$sparse" veryfast
redact sparse "$sparse" medium
peers
peak redact.null --chain null --allow-bare
peak redact.busy
