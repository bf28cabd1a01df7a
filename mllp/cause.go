package mllp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
)

// An explanation puts the cause of an error into words.
type explanation struct {
	fr, en         string
	hintFR, hintEN string
}

func (e explanation) in(lang string) string   { return pick(lang, e.fr, e.en) }
func (e explanation) hint(lang string) string { return pick(lang, e.hintFR, e.hintEN) }

// explain finds the words for the usual causes of a failed connection, or of a
// file that cannot be used. Others speak for themselves, in English: a French
// sentence quotes them.
func explain(err error) explanation {
	if s, ok := errors.AsType[interface {
		error
		In(lang string) string
		Hint(lang string) string
	}](err); ok {
		return explanation{s.In("fr"), s.In("en"), s.Hint("fr"), s.Hint("en")}
	}
	if e, ok := explainCertificate(err); ok {
		return e
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return explanation{
			"ce qu'il envoie n'est pas du TLS", "what it sends is not TLS",
			"le correspondant parle sans doute en clair : activez TLS chez lui, ou désactivez-le ici",
			"the peer probably speaks plain text: turn TLS on there, or off here"}
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return explainName(dns)
	}
	if addr, ok := errors.AsType[*net.AddrError](err); ok {
		return explanation{
			fmt.Sprintf("l'adresse « %s » n'est pas de la forme machine:port", addr.Addr), fmt.Sprintf("the address %q is not of the form host:port (%s)", addr.Addr, addr.Err),
			"écrivez par exemple 127.0.0.1:2575", "write for example 127.0.0.1:2575"}
	}
	for _, c := range causes {
		if errors.Is(err, c.is) {
			return c.explanation
		}
	}
	if e, ok := explainLocal(err); ok {
		return e
	}
	for _, t := range systemTexts {
		if strings.Contains(err.Error(), t.text) {
			return t.explanation
		}
	}
	if isTimeoutError(err) {
		return explanation{fr: "délai dépassé", en: "time limit passed"}
	}
	return explanation{fr: "« " + err.Error() + " »", en: err.Error()}
}

// explainName finds the words for a host name without address.
func explainName(dns *net.DNSError) explanation {
	if dns.IsTimeout {
		return explanation{
			fmt.Sprintf("le serveur de noms ne répond pas pour « %s »", dns.Name), fmt.Sprintf("no name server answers for %q", dns.Name),
			"vérifiez le réseau, ou donnez une adresse IP", "check the network, or give an IP address"}
	}
	return explanation{
		fmt.Sprintf("le nom « %s » n'a pas d'adresse", dns.Name), fmt.Sprintf("the name %q has no address", dns.Name),
		"vérifiez le nom, ou donnez une adresse IP", "check the name, or give an IP address"}
}

// isTimeoutError recognises a timeout that is none of the usual ones.
func isTimeoutError(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

// causes are errors of the system and of the standard library.
var causes = []struct {
	is error
	explanation
}{
	{errShutdown, explanation{fr: "le serveur s'arrête", en: "the server is closing"}},
	{errNoName, explanation{
		"aucun nom auquel comparer le certificat du serveur", "no name to verify the server's certificate against",
		"donnez le nom du serveur (tls.server_name, --tls-server-name)", "give the server name (tls.server_name, --tls-server-name)"}},
	{errNoCertificate, explanation{fr: "le serveur n'a pas de certificat", en: "the server has no certificate"}},
	{errStapleSigner, explanation{
		fr: "son signataire n'est ni l'autorité, ni habilité par elle à répondre",
		en: "its signer is neither the authority nor entitled by it to answer"}},
	{errStapleNow, explanation{
		fr: "le certificat de son signataire est hors de ses dates de validité",
		en: "the certificate of its signer is outside its validity"}},
	{errCRLExtension, explanation{fr: "une extension critique inconnue ici", en: "a critical extension that is unknown here"}},
	{errCRLIndirect, explanation{fr: "liste indirecte, d'autres autorités", en: "an indirect list, of other authorities"}},
	{errNoMemory, explanation{fr: "plus de mémoire pour elle", en: "no memory left for it"}},
	{errHandshakeTooLong, explanation{
		"poignée de main TLS de plus de 128 Kio", "a TLS handshake of more than 128 KiB",
		"vérifiez la chaîne de certificats du correspondant : elle ne doit porter que les autorités intermédiaires",
		"check the peer's certificate chain: it should hold the intermediate authorities only"}},
	{errNotRegular, explanation{fr: "ce n'est pas un fichier ordinaire", en: "not a regular file"}},
	{errNotOpen, explanation{fr: "elle n'est pas ouverte", en: "it is not open"}},
	{context.Canceled, explanation{fr: "annulé", en: "cancelled"}},
	{context.DeadlineExceeded, explanation{fr: "délai dépassé", en: "time limit passed"}},
	{os.ErrDeadlineExceeded, explanation{fr: "délai dépassé", en: "time limit passed"}},
	{net.ErrClosed, explanation{fr: "connexion fermée de ce côté", en: "connection closed at this end"}},
	{syscall.ECONNREFUSED, explanation{
		"connexion refusée, personne n'écoute à cette adresse", "connection refused, nobody listens at this address",
		"démarrez le correspondant, ou corrigez l'adresse et le port", "start the peer, or correct the address and the port"}},
	{syscall.EHOSTUNREACH, explanation{
		"machine injoignable", "host unreachable", "vérifiez l'adresse et le réseau", "check the address and the network"}},
	{syscall.ENETUNREACH, explanation{
		"réseau injoignable", "network unreachable", "vérifiez l'adresse et le réseau", "check the address and the network"}},
	{syscall.EHOSTDOWN, explanation{
		"machine injoignable", "host unreachable", "vérifiez l'adresse et le réseau", "check the address and the network"}},
	{syscall.ENETDOWN, explanation{
		"réseau injoignable", "network unreachable", "vérifiez l'adresse et le réseau", "check the address and the network"}},
	{syscall.EADDRINUSE, explanation{
		"adresse déjà utilisée par un autre programme", "address already in use by another program",
		"arrêtez-le, ou choisissez un autre port", "stop it, or choose another port"}},
	{syscall.EADDRNOTAVAIL, explanation{
		"cette adresse n'est pas celle de cette machine", "this address is not one of this machine",
		"choisissez une adresse de cette machine, 127.0.0.1 par exemple", "choose an address of this machine, for example 127.0.0.1"}},
	{syscall.ETIMEDOUT, explanation{fr: "délai dépassé", en: "time limit passed"}},
	{syscall.ECONNABORTED, explanation{fr: "connexion abandonnée", en: "connection aborted"}},
	{syscall.ENOSPC, explanation{fr: "plus de place sur le disque", en: "no space left on the disk"}},
	{syscall.EISDIR, explanation{fr: "c'est un dossier, pas un fichier", en: "is a directory, not a file"}},
	{syscall.EMFILE, explanation{
		"trop de connexions ou de fichiers ouverts", "too many open connections or files",
		"augmentez la limite du système (ulimit -n)", "raise the limit of the system (ulimit -n)"}},
	{fs.ErrPermission, explanation{fr: "accès refusé", en: "permission denied"}},
	{fs.ErrNotExist, explanation{fr: "ce fichier n'existe pas", en: "no such file"}},
	{io.ErrClosedPipe, explanation{fr: "la connexion était déjà fermée", en: "the connection was closed already"}},
	{syscall.ECONNRESET, explanation{fr: "connexion réinitialisée", en: "connection reset"}},
	{syscall.EPIPE, explanation{fr: "la connexion était déjà fermée", en: "the connection was closed already"}},
	{io.ErrUnexpectedEOF, explanation{fr: "la connexion s'arrête au milieu", en: "the connection ends in the middle"}},
	{io.EOF, explanation{fr: "fin de connexion", en: "end of the connection"}},
}

// systemTexts are faults that the standard library has no value or type for.
var systemTexts = []struct {
	text string
	explanation
}{
	{"path escapes from parent", explanation{fr: "ce chemin sort de son dossier", en: "the path leads out of its folder"}},
	{"x509: malformed", explanation{fr: "ce n'est pas un certificat X.509 bien formé", en: "not a well-formed X.509 certificate"}},
}

// explainCertificate finds the words for a peer's certificate that was refused
// at this end.
func explainCertificate(err error) (explanation, bool) {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return explanation{
			"son certificat vient d'une autorité inconnue ici", "its certificate comes from an authority that is unknown here",
			"ajoutez le certificat de cette autorité au fichier des autorités (tls.ca, --tls-ca)",
			"add the certificate of that authority to the file of authorities (tls.ca, --tls-ca)"}, true
	}
	if h, ok := errors.AsType[x509.HostnameError](err); ok {
		names := strings.Join(certNames(h.Certificate), ", ")
		if names == "" {
			return explanation{
				"son certificat n'a aucun nom (subjectAltName) ; le CN n'en tient pas lieu", "its certificate has no name (subjectAltName); the CN does not stand for one",
				"faites refaire le certificat avec « " + h.Host + " » parmi ses noms", fmt.Sprintf("have the certificate made again with %q among its names", h.Host)}, true
		}
		return explanation{
			fmt.Sprintf("son certificat n'est pas au nom de « %s » mais de : %s", h.Host, names),
			fmt.Sprintf("its certificate is not for %q but for: %s", h.Host, names),
			"corrigez le nom de serveur (tls.server_name, --tls-server-name), ou faites refaire le certificat avec ce nom",
			"correct the server name (tls.server_name, --tls-server-name), or have the certificate made again with this name"}, true
	}
	if weak, ok := errors.AsType[x509.InsecureAlgorithmError](err); ok {
		name := x509.SignatureAlgorithm(weak).String()
		return explanation{
			"un certificat est signé par un algorithme trop faible (" + name + ")", "a certificate is signed with an algorithm that is too weak (" + name + ")",
			"faites refaire le certificat, signé par SHA-256 ou mieux", "have the certificate made again, signed with SHA-256 or better"}, true
	}
	if _, ok := errors.AsType[x509.UnhandledCriticalExtension](err); ok {
		return explanation{
			fr: "un certificat a une extension critique inconnue ici",
			en: "a certificate has a critical extension that is unknown here"}, true
	}
	if inv, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		return explainInvalid(inv)
	}
	return explanation{}, false
}

func explainInvalid(inv x509.CertificateInvalidError) (explanation, bool) {
	switch inv.Reason {
	case x509.Expired:
		if inv.Cert == nil {
			return explanation{fr: "un certificat est hors de ses dates de validité", en: "a certificate is outside its validity"}, true
		}
		return explainDates(inv), true
	case x509.IncompatibleUsage:
		return explanation{
			"son certificat n'est pas fait pour cet usage (EKU)", "its certificate is not meant for this purpose (EKU)",
			"il faut l'usage serverAuth à un serveur, clientAuth à un client", "a server needs the purpose serverAuth, a client clientAuth"}, true
	case x509.NotAuthorizedToSign:
		return explanation{
			fr: "un certificat de la chaîne n'a pas le droit de signer les autres (ce n'est pas une autorité)",
			en: "a certificate of the chain may not sign others (it is no authority)"}, true
	case x509.CANotAuthorizedForThisName:
		return explanation{
			fr: "une autorité de la chaîne n'a pas le droit de certifier ce nom",
			en: "an authority of the chain may not certify this name"}, true
	case x509.TooManyIntermediates:
		return explanation{
			fr: "la chaîne du certificat a trop d'autorités intermédiaires",
			en: "the certificate's chain has too many intermediate authorities"}, true
	}
	return explanation{}, false
}

func explainDates(inv x509.CertificateInvalidError) explanation {
	const layout = "2006-01-02 15:04 UTC"
	e := explanation{
		hintFR: "faites renouveler le certificat du correspondant, et vérifiez la date de cette machine",
		hintEN: "have the peer's certificate renewed, and check the clock of this machine"}
	if strings.Contains(inv.Detail, "is before") {
		from := inv.Cert.NotBefore.UTC().Format(layout)
		e.fr, e.en = "un certificat n'est valable qu'à partir du "+from, "a certificate is valid only from "+from
		return e
	}
	until := inv.Cert.NotAfter.UTC().Format(layout)
	e.fr, e.en = "un certificat est expiré depuis le "+until, "a certificate expired on "+until
	return e
}

// certNames lists some of the names that a certificate is made out to.
func certNames(c *x509.Certificate) []string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	const shown = 8
	if len(names) > shown {
		names = append(names[:shown], "…")
	}
	return names
}
