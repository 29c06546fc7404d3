#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Goal: the form and the receipt of a consent record can be printed, load
# nothing, say what the record says, and carry it as a QR code.

LIB=$(realpath "$(dirname "$0")/../lib")
KEYS=$(realpath "${VEIL_BUILD:-build}/veil-keys")
. "$LIB/e2e.sh"

yes 'one passphrase for a test' | head -n 2 > pass
for role in controller subject; do
    "$VEIL" keys new "$role" "$role" --pass-fd 3 3< pass > out.txt 2>&1 || skip_all "keys cannot be made: $(cat out.txt)"
done
printf 'We publish <b>the street</b> & more\n' > notice
echo 'a film' > film
runs "a record is written" veil consent new --subject person-7 --controller council --subject-key subject.pub \
    --controller-key controller.pub --purpose publication --data face-image --notice notice --recording film --track 3 -o given
id=$(sed -n 's/^record //p' given)

runs "a form, before anyone has signed" veil consent form given --notice notice --contact 'desk@council.example <3>' -o form.html
ok "names the record" grep -q "$id" form.html
ok "who asks, and the track" grep -q 'council' form.html
ok "the recording" grep -q "$(sha256sum < film | cut -c 1-64)" form.html
ok "what is written in it stays text" grep -q '&lt;b&gt;the street&lt;/b&gt; &amp; more' form.html
ok "the contact too" grep -q 'desk@council.example &lt;3&gt;' form.html
ok "loads nothing and runs nothing" not grep -qiE '<script|src=|href=|url\(|@import|<form' form.html
ok "a code is in it" grep -q '<svg ' form.html
ok "exists: exit 2" exits 2 veil consent form given -o form.html
ok "in one sentence" one_sentence "form.html"
echo 'another' > other
ok "another notice: exit 2" exits 2 veil consent form given --notice other -o new.html
ok "is not put beside the record" one_sentence "not the notice"
ok "and nothing is written" not test -e new.html
ok "no receipt without signatures" exits 1 veil consent receipt given -o receipt.html
ok "and nothing is written" not test -e receipt.html
runs "show says that they lack" veil consent show given
ok "they do" grep -q 'signatures  not both' out.txt

for role in controller subject; do
    "$VEIL" consent sign given --key $role.key --pass-fd 3 3< pass > out.txt 2>&1
done
runs "signed: a receipt" veil consent receipt given --contact desk@council.example -o receipt.html
ok "has the digest of the file" grep -q "$(sha256sum < given | cut -c 1-64)" receipt.html
ok "says how to take it back" grep -q 'Taking it back' receipt.html
ok "fields of TS 27560" grep -q 'PII principal' receipt.html
ok "loads nothing and runs nothing" not grep -qiE '<script|src=|href=|url\(|@import|<form' receipt.html
runs "show says who signed" veil consent show given
ok "both" grep -q 'signatures  of both' out.txt
runs "show as JSON" veil consent show given --json
ok "names both" jq -e '.signed_as == "controller and subject" and .withdrawn == false' out.txt
sed 's/^purpose .*/purpose anything/' given > forged
ok "a changed record has no receipt" exits 1 veil consent receipt forged -o forged.html
ok "to the standard output" bash -c "'$VEIL' consent receipt given -o - | grep -q 'Receipt of consent'"
if [ -x "$KEYS" ]; then
    runs "veil-keys prints it too" "$KEYS" consent receipt given -o keys.html
    ok "without a code" not grep -q '<svg ' keys.html
    ok "and says what takes its place" grep -q 'has its own file' keys.html
    ok "it links no library for that" sh -c "! ldd '$KEYS' | grep -q qrencode"
fi

runs "taken back" veil consent withdraw given -o back
for role in controller subject; do
    "$VEIL" consent sign back --key $role.key --pass-fd 3 3< pass > out.txt 2>&1
done
runs "a receipt of that" veil consent receipt back -o back.html
ok "says so" grep -q 'Consent was taken back' back.html

# What the code holds, read by another program.
draw() { # the modules of PAPER.html as a picture, eight pixels each
    perl -0777 -ne '
        my ($n, $d) = /viewBox="0 0 (\d+).*?<path d="(M[^"]*)"/s or die "no code";
        my @row = ("\xff" x $n) x $n;
        substr($row[$2], $1, $3) = "\0" x $3 while $d =~ /M(\d+) (\d+)h(\d+)/g;
        print "P5 ", 8 * $n, " ", 8 * $n, " 255\n";
        for my $r (@row) { (my $wide = $r) =~ s/(.)/$1 x 8/gse; print $wide x 8 }' "$1"
}
if command -v zbarimg > /dev/null; then
    draw receipt.html > code.pgm
    zbarimg -q --raw -Sdisable -Sqrcode.enable code.pgm > read.txt 2> zbar.txt
    { cat given; echo; } > wanted.txt # zbarimg ends with a line feed of its own
    ok "the code holds the record, signatures and all" cmp -s wanted.txt read.txt
else
    skip "the code holds the record" "zbar-tools is not installed"
fi
done_testing
