# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# tls.sh: a certificate authority of our own, and certificates under it.

CA=${WORLD:-}/tls/ca.pem

tls_ca() {
	[ -s "$CA" ] && return
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$WORLD/tls/ca.key" -out "$CA" -days 30 \
	    -subj "/CN=Test authority" 2> "$WORLD/log/openssl"
}

# tls_cert NAME: $WORLD/tls/NAME.pem (certificate and authority) and .key.
tls_cert() {
	local base=$WORLD/tls/$1
	tls_ca &&
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$base.key" -out "$base.csr" -subj "/CN=$1" \
	    2>> "$WORLD/log/openssl" &&
	openssl x509 -req -in "$base.csr" -CA "$CA" \
	    -CAkey "$WORLD/tls/ca.key" -CAcreateserial -days 30 \
	    -extfile <(echo "subjectAltName=DNS:$1") -out "$base.crt" \
	    2>> "$WORLD/log/openssl" &&
	cat "$base.crt" "$CA" > "$base.pem" &&
	chmod 600 "$base.key"
}
