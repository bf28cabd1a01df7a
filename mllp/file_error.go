package mllp

import (
	"fmt"
	"time"
)

// FileErrorKind says what is wrong with a TLS file.
type FileErrorKind string

// What can be wrong with a TLS file.
const (
	FileNotGiven    FileErrorKind = "not-given"
	FileMissing     FileErrorKind = "missing"
	FileDirectory   FileErrorKind = "directory"
	FileUnreadable  FileErrorKind = "unreadable"
	FileTooBig      FileErrorKind = "too-big"
	FileNoCert      FileErrorKind = "no-certificate"
	FileBadCert     FileErrorKind = "bad-certificate" // a CERTIFICATE block that does not parse
	FileNoKey       FileErrorKind = "no-key"
	FileKeyLocked   FileErrorKind = "key-encrypted"
	FileKeyMismatch FileErrorKind = "key-mismatch"
	FileExpired     FileErrorKind = "expired"
	FileNotYetValid FileErrorKind = "not-yet-valid"
	FileNoCRL       FileErrorKind = "no-list"      // neither a list nor a folder with one
	FileBadCRL      FileErrorKind = "bad-list"     // a list that does not parse, or not as one for certificates of its issuer
	FileForgedCRL   FileErrorKind = "forged-list"  // it names a trusted authority that has not signed it
	FileStaleCRL    FileErrorKind = "stale-list"   // past its date; it stays in use
	FileTooMany     FileErrorKind = "too-many"     // a folder with too many files
	FileBadMode     FileErrorKind = "unknown-mode" // Files.Revocation; Path is the word
)

// Role is what a TLS file is for.
type Role string

// The roles of TLS files.
const (
	RoleCA   Role = "ca"
	RoleCert Role = "certificate"
	RoleKey  Role = "key"
	RoleCRL  Role = "revocation-list"
)

func (r Role) in(lang string) string {
	switch r {
	case RoleCA:
		return pick(lang, "autorités de certification", "certificate authorities")
	case RoleKey:
		return pick(lang, "clé privée", "private key")
	case RoleCRL:
		return pick(lang, "liste de révocation", "revocation list")
	}
	return pick(lang, "certificat", "certificate")
}

// A FileError is a TLS file that cannot be used.
type FileError struct {
	Kind FileErrorKind
	Role Role
	Path string
	Date time.Time // FileExpired, FileNotYetValid: the end, or the beginning, of the validity
	Err  error     // the cause; may be nil
}

// Error describes the error in English.
func (e *FileError) Error() string { return e.In("en") }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// In describes the error in French ("fr") or English, on one line.
func (e *FileError) In(lang string) string {
	what := e.Role.in(lang)
	if e.Kind == FileNotGiven {
		return fmt.Sprintf(pick(lang, "fichier TLS manquant : %s", "no TLS file given: %s"), what)
	}
	if e.Kind == FileBadMode {
		return fmt.Sprintf(pick(lang, "« %s » n'est pas un mode de révocation", "%q is not a revocation mode"), e.Path)
	}
	s := e.Path + " (" + what + ")" + pick(lang, " : ", ": ")
	day := e.Date.UTC().Format("2006-01-02 15:04 UTC")
	switch e.Kind {
	case FileMissing:
		return s + pick(lang, "ce fichier n'existe pas", "no such file")
	case FileDirectory:
		return s + pick(lang, "c'est un dossier, pas un fichier", "is a directory, not a file")
	case FileNoCRL, FileBadCRL, FileForgedCRL, FileStaleCRL, FileTooMany:
		return s + e.list(lang, day)
	case FileTooBig:
		if e.Role == RoleCRL {
			return s + fmt.Sprintf(pick(lang, "plus de %d octets, ou %d avec les autres listes", "more than %d bytes, or %d with the other lists"), maxCRL, maxCRLTotal)
		}
		return s + fmt.Sprintf(pick(lang, "plus de %d octets, ce n'est pas un fichier PEM", "more than %d bytes, not a PEM file"), maxPEM)
	case FileNoCert:
		return s + pick(lang, "aucun certificat (bloc PEM CERTIFICATE)", "no certificate (PEM block CERTIFICATE)")
	case FileNoKey:
		return s + pick(lang, "aucune clé privée (bloc PEM PRIVATE KEY)", "no private key (PEM block PRIVATE KEY)")
	case FileKeyLocked:
		return s + pick(lang, "la clé privée est chiffrée par un mot de passe", "the private key is encrypted with a password")
	case FileKeyMismatch:
		return s + pick(lang, "cette clé n'est pas celle du certificat", "this key does not belong to the certificate")
	case FileExpired:
		return s + fmt.Sprintf(pick(lang, "expiré depuis le %s", "expired on %s"), day)
	case FileNotYetValid:
		return s + fmt.Sprintf(pick(lang, "valable seulement à partir du %s", "valid only from %s"), day)
	}
	s += pick(lang, "illisible", "cannot be read")
	if e.Err != nil {
		s += " (" + explain(e.Err).in(lang) + ")"
	}
	return s
}

// list says what is wrong with a revocation list.
func (e *FileError) list(lang, day string) string {
	switch e.Kind {
	case FileNoCRL:
		return pick(lang, "aucune liste de révocation (bloc PEM X509 CRL, ou DER)", "no revocation list (PEM block X509 CRL, or DER)")
	case FileForgedCRL:
		return fmt.Sprintf(pick(lang, "elle porte le nom de l'autorité « %v » mais n'est pas signée par elle", "it bears the name of the authority %q but is not signed by it"), e.Err)
	case FileStaleCRL:
		return pick(lang, "périmée depuis le ", "out of date since ") + day
	case FileTooMany:
		return fmt.Sprintf(pick(lang, "plus de %d fichiers", "more than %d files"), maxCRLFiles)
	}
	return pick(lang, "inutilisable : ", "cannot be used: ") + explain(e.Err).in(lang)
}

// Hint says what to do about the error, in French or English.
func (e *FileError) Hint(lang string) string {
	if e.Role == RoleCRL {
		return e.listHint(lang)
	}
	switch e.Kind {
	case FileNotGiven:
		return pick(lang, "TLS demande une autorité, un certificat et sa clé", "TLS needs an authority, a certificate and its key")
	case FileMissing, FileDirectory:
		return pick(lang, "vérifiez le chemin ; « pamlab pki init » fabrique une PKI de test", `check the path; "pamlab pki init" makes a test PKI`)
	case FileUnreadable:
		return pick(lang, "vérifiez que c'est un fichier ordinaire, et ses droits", "check that it is a regular file, and its permissions")
	case FileTooBig, FileNoCert, FileBadCert:
		return pick(lang,
			"il faut un fichier PEM, avec des lignes BEGIN CERTIFICATE et END CERTIFICATE ; un fichier DER se convertit par « openssl x509 -inform der »",
			`a PEM file is needed, with lines BEGIN CERTIFICATE and END CERTIFICATE; "openssl x509 -inform der" converts a DER file`)
	case FileNoKey:
		return pick(lang, "donnez le fichier de la clé, qui commence par BEGIN PRIVATE KEY", "give the file of the key, which begins with BEGIN PRIVATE KEY")
	case FileKeyLocked:
		return pick(lang, "ôtez le mot de passe : « openssl pkey -in clé.pem -out nouvelle.pem »", `remove the password: "openssl pkey -in key.pem -out new.pem"`)
	case FileKeyMismatch:
		return pick(lang, "donnez la clé avec laquelle ce certificat a été demandé", "give the key with which this certificate was requested")
	case FileExpired, FileNotYetValid:
		return pick(lang, "renouvelez le certificat, et vérifiez la date de cette machine", "renew the certificate, and check the clock of this machine")
	}
	return ""
}

// listHint says what to do about a revocation list.
func (e *FileError) listHint(lang string) string {
	switch e.Kind {
	case FileBadMode:
		return "off, if-present, required"
	case FileMissing, FileDirectory, FileUnreadable:
		return pick(lang, "vérifiez le chemin et les droits : un fichier, ou un dossier de fichiers .crl ou .pem",
			"check the path and the permissions: a file, or a folder of .crl or .pem files")
	case FileTooBig, FileTooMany:
		return pick(lang, "ne gardez que les listes des autorités de vos correspondants", "keep only the lists of your partners' authorities")
	case FileForgedCRL:
		return pick(lang, "une autre autorité du même nom l'a signée : donnez la liste de celle de tls.ca (--tls-ca)",
			"another authority of the same name has signed it: give the list of the one in tls.ca (--tls-ca)")
	case FileStaleCRL:
		return pick(lang, "prenez la liste à jour chez l'autorité : un fichier remplacé est relu aussitôt",
			"get the current list from the authority: a file that is replaced is read at once")
	}
	return pick(lang, "il faut une liste complète (CRL) d'une autorité, en PEM ou en DER ; « openssl crl -in FICHIER -text » la montre",
		`a full list (CRL) of an authority is needed, in PEM or DER; "openssl crl -in FILE -text" shows it`)
}
