package mllp

// alerts maps the texts of crypto/tls to the names of RFC 8446 §6 (and of RFC
// 5246 §7.2 for those that TLS 1.3 dropped), in the order of their numbers.
var alerts = []struct {
	name, text         string
	fr, en             string
	remedyFR, remedyEN string
}{
	{"close_notify", "close notify", "fermeture normale", "normal closure", "", ""},
	{"unexpected_message", "unexpected message", "message inattendu", "unexpected message", "", ""},
	{"bad_record_mac", "bad record MAC", "bad record MAC", "bad record MAC", "", ""},
	{"handshake_failure", "handshake failure", "aucun paramètre commun", "no common parameters", "", ""},
	{"bad_certificate", "bad certificate", "certificat refusé", "certificate refused", "", ""},
	{"certificate_expired", "expired certificate", "certificat expiré", "certificate expired", "", ""},
	{"unknown_ca", "unknown certificate authority", "autorité inconnue", "unknown authority", "", ""},
	{"protocol_version", "protocol version not supported", "version de TLS refusée", "TLS version refused", "", ""},
	{"certificate_required", "certificate required", "certificat exigé", "certificate required", "", ""},
}
