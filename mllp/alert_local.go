package mllp

import (
	"errors"
	"net"
	"strings"
)

// localTexts are faults that crypto/tls found itself, told apart by text alone.
var localTexts = []struct {
	text, alert string
	explanation
}{
	{"tls: client didn't provide a certificate", "certificate_required", explanation{
		"le client ne présente pas de certificat", "the client presents no certificate",
		"donnez un certificat au client : l'authentification est mutuelle", "give the client a certificate: authentication is mutual"}},
	{"tls: client offered only unsupported versions", "protocol_version", explanation{
		"le client n'offre aucune version de TLS acceptée ici", "the client offers no version of TLS that is accepted here",
		"activez TLS 1.2 ou 1.3 chez le client", "enable TLS 1.2 or 1.3 at the client"}},
	{"tls: server selected unsupported protocol version", "protocol_version", explanation{
		"le serveur choisit une version de TLS refusée ici", "the server chooses a version of TLS that is not accepted here",
		"activez TLS 1.2 ou 1.3 chez le serveur", "enable TLS 1.2 or 1.3 at the server"}},
	{"tls: no cipher suite supported by both client and server", "handshake_failure", explanation{
		"aucune suite de chiffrement commune", "no cipher suite in common",
		"activez de l'autre côté une suite ECDHE avec AES-GCM, ou TLS 1.3", "enable an ECDHE suite with AES-GCM, or TLS 1.3, at the other end"}},
	{"tls: server chose an unconfigured cipher suite", "handshake_failure", explanation{
		"le serveur choisit une suite de chiffrement refusée ici", "the server chooses a cipher suite that is not accepted here",
		"activez de l'autre côté une suite ECDHE avec AES-GCM, ou TLS 1.3", "enable an ECDHE suite with AES-GCM, or TLS 1.3, at the other end"}},
	{"tls: no key exchanges supported by both client and server", "handshake_failure", explanation{
		"aucun échange de clés commun", "no key exchange in common",
		"activez de l'autre côté X25519 ou P-256", "enable X25519 or P-256 at the other end"}},
	{"tls: peer doesn't support any of the certificate's signature algorithms", "handshake_failure", explanation{
		"le correspondant n'accepte aucune signature de notre certificat", "the peer accepts no signature of our certificate",
		"présentez un certificat RSA de 2048 bits ou plus, ou ECDSA P-256", "present an RSA certificate of 2048 bits or more, or an ECDSA one on P-256"}},
	{"tls: client using inappropriate protocol fallback", "inappropriate_fallback", explanation{
		"le client se replie sur une ancienne version de TLS sans raison", "the client falls back to an older version of TLS without need",
		"le client doit offrir la version la plus récente qu'il connaît", "the client has to offer the newest version that it knows"}},
	{"tls: invalid signature by the client certificate", "decrypt_error", explanation{
		"la signature du client ne correspond pas à son certificat", "the client's signature does not match its certificate",
		"donnez au client la clé privée qui va avec son certificat", "give the client the private key that belongs to its certificate"}},
	{"tls: invalid signature by the server certificate", "decrypt_error", explanation{
		"la signature du serveur ne correspond pas à son certificat", "the server's signature does not match its certificate",
		"donnez au serveur la clé privée qui va avec son certificat", "give the server the private key that belongs to its certificate"}},
	{"tls: client requested unsupported application protocols", "no_application_protocol", explanation{
		"le client exige un protocole applicatif (ALPN)", "the client requires an application protocol (ALPN)",
		"n'exigez pas d'ALPN : MLLP n'a pas de nom de protocole", "do not require ALPN: MLLP has no protocol name"}},
	{"tls: failed to parse client certificate", "decode_error", explanation{
		"le certificat du client est illisible", "the client's certificate cannot be read",
		"refaites-le, en DER strict", "make it again, in strict DER"}},
	{"tls: failed to parse certificate from server", "decode_error", explanation{
		"le certificat du serveur est illisible", "the server's certificate cannot be read",
		"refaites-le, en DER strict", "make it again, in strict DER"}},
	{"unsupported public key of type", "unsupported_certificate", explanation{
		"la clé du certificat du client est d'un type inconnu ici", "the key of the client's certificate is of a type that is unknown here",
		"il faut un certificat RSA ou ECDSA", "an RSA or ECDSA certificate is needed"}},
	{"unsupported type of public key", "unsupported_certificate", explanation{
		"la clé du certificat du serveur est d'un type inconnu ici", "the key of the server's certificate is of a type that is unknown here",
		"il faut un certificat RSA ou ECDSA", "an RSA or ECDSA certificate is needed"}},
	{"certificate containing RSA key larger than", "bad_certificate", explanation{
		"la clé RSA de son certificat est trop longue", "the RSA key of its certificate is too long",
		"il faut une clé RSA de 8192 bits au plus", "an RSA key of 8192 bits at most is needed"}},
	{"tls: downgrade attempt detected", "illegal_parameter", explanation{
		"la version de TLS a été abaissée en chemin", "the version of TLS was lowered on the way",
		"un équipement placé entre les deux machines change la poignée de main : essayez sans lui", "a device between the two machines changes the handshake: try without it"}},
	{"tls: received unexpected handshake message", "unexpected_message", explanation{
		"il envoie un message TLS hors de son tour", "it sends a TLS message out of turn",
		"une des deux implémentations de TLS se trompe : mettez-les à jour, ou limitez les deux côtés à TLS 1.2", "one of the two implementations of TLS is wrong: update them, or limit both ends to TLS 1.2"}},
	{"tls: oversized record received", "record_overflow", explanation{
		"il envoie un enregistrement TLS trop long", "it sends a TLS record that is too long",
		"vérifiez qu'il parle bien TLS", "check that it speaks TLS"}},
	{"tls: client does not support uncompressed connections", "illegal_parameter", explanation{
		"le client exige une compression", "the client requires compression",
		"désactivez la compression TLS chez le client", "turn TLS compression off at the client"}},
	{"tls: client offered only incompatible point formats", "missing_extension", explanation{
		"le client n'offre aucune forme de point utilisable ici", "the client offers no form of points that is usable here",
		"activez la forme non compressée chez le client, ou TLS 1.3", "enable the uncompressed form at the client, or TLS 1.3"}},
	{"tls: no certificates configured", "unrecognized_name", explanation{
		"aucun certificat n'est donné à ce serveur", "no certificate is given to this server",
		"donnez un certificat et sa clé", "give a certificate and its key"}},
}

// localAlerts are faults for which crypto/tls gives no more than the alert that
// it has sent.
var localAlerts = []struct {
	alert string
	explanation
}{
	{"unexpected_message", explanation{
		"il envoie un message TLS hors de son tour", "it sends a TLS message out of turn",
		"une des deux implémentations de TLS se trompe : mettez-les à jour, ou limitez les deux côtés à TLS 1.2", "one of the two implementations of TLS is wrong: update them, or limit both ends to TLS 1.2"}},
	{"bad_record_mac", explanation{
		"ce qu'il envoie ne se déchiffre pas", "what it sends cannot be decrypted",
		"un équipement placé entre les deux machines change peut-être les octets : essayez sans lui", "a device between the two machines may change the bytes: try without it"}},
	{"record_overflow", explanation{
		"il envoie un enregistrement TLS trop long", "it sends a TLS record that is too long",
		"vérifiez qu'il parle bien TLS", "check that it speaks TLS"}},
	{"decode_error", explanation{
		"il envoie un message TLS illisible", "it sends a TLS message that cannot be read",
		"une des deux implémentations de TLS se trompe : mettez-les à jour, ou limitez les deux côtés à TLS 1.2", "one of the two implementations of TLS is wrong: update them, or limit both ends to TLS 1.2"}},
	{"missing_extension", explanation{
		"il omet une extension TLS obligatoire", "it leaves a mandatory TLS extension out",
		"une des deux implémentations de TLS se trompe : mettez-les à jour, ou limitez les deux côtés à TLS 1.2", "one of the two implementations of TLS is wrong: update them, or limit both ends to TLS 1.2"}},
	{"no_renegotiation", explanation{
		"il demande une renégociation, refusée ici", "it asks for a renegotiation, which is refused here",
		"demandez le certificat dès la première poignée de main, ou activez TLS 1.3", "ask for the certificate in the first handshake, or enable TLS 1.3"}},
}

// explainLocal finds the words for a fault that crypto/tls found itself.
func explainLocal(err error) (explanation, bool) {
	for _, t := range localTexts {
		if strings.Contains(err.Error(), t.text) {
			return t.explanation, true
		}
	}
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "local error" {
		return explanation{}, false
	}
	name, _ := alertByText(op.Err.Error())
	for _, t := range localAlerts {
		if t.alert == name {
			return t.explanation, true
		}
	}
	return explanation{}, false
}
