package pki

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrorKind says what stopped the work on a PKI.
type ErrorKind string

// The kinds of Error.
const (
	Exists         ErrorKind = "exists"          // a file is there already
	NotADirectory  ErrorKind = "not-a-directory" // the folder is a file
	IsDirectory    ErrorKind = "is-directory"    // a file to replace is a folder
	Missing        ErrorKind = "missing"
	NoCertificate  ErrorKind = "no-certificate"
	BadCertificate ErrorKind = "bad-certificate"
	BadCRL         ErrorKind = "bad-crl"
	BadDays        ErrorKind = "bad-days"
	BadName        ErrorKind = "bad-name"
	BadKey         ErrorKind = "bad-key"       // no such kind of key
	BadProfile     ErrorKind = "bad-profile"   // no such profile
	BadFault       ErrorKind = "bad-fault"     // no such fault in the catalogue
	BadUsage       ErrorKind = "bad-usage"     // not a usage, or not one of the profile
	BadFile        ErrorKind = "bad-file"      // no name for files
	BadReason      ErrorKind = "bad-reason"    // no such reason for a revocation
	BadSerial      ErrorKind = "bad-serial"    // neither a file nor a serial number
	BadRequest     ErrorKind = "bad-request"   // a signing request is unsuitable, for the reason in Detail
	NoName         ErrorKind = "no-name"       // an identity without any name
	NotOurs        ErrorKind = "not-ours"      // a certificate of another authority
	NoAuthority    ErrorKind = "no-authority"  // the folder holds no authority with its key
	BadAuthority   ErrorKind = "bad-authority" // it cannot sign, for the reason in Detail
	NoIntermediate ErrorKind = "no-intermediate"
	BadState       ErrorKind = "bad-state" // pki.json cannot be read
	Locked         ErrorKind = "locked"    // another changes the folder
	Failed         ErrorKind = "failed"    // reading or writing failed
)

// An Error is why a PKI could not be made, changed or shown.
type Error struct {
	Kind   ErrorKind
	Path   string
	Name   string // what was given and cannot be; NoAuthority: the folder
	Days   int    // BadDays
	Most   int    // BadDays: the most there may be
	Detail Text   // more about it; may be empty
	Err    error  // the cause; may be nil
}

// Error describes the error in English.
func (e *Error) Error() string { return e.In("en") }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// In describes the error in French ("fr") or English, on one line.
func (e *Error) In(lang string) string {
	s := e.Path + pick(lang, " : ", ": ")
	switch e.Kind {
	case Exists:
		return s + pick(lang, "ce fichier existe déjà", "file exists already")
	case NotADirectory:
		return s + pick(lang, "ce n'est pas un dossier", "not a directory")
	case IsDirectory:
		return s + pick(lang, "c'est un dossier, pas un fichier", "is a directory, not a file")
	case Missing:
		return s + pick(lang, "ce fichier ou ce dossier n'existe pas", "no such file or directory")
	case BadCertificate:
		return s + pick(lang, "certificat illisible : ", "certificate cannot be read: ") + reason(e.Err, lang)
	case BadCRL:
		return s + pick(lang, "CRL illisible : ", "CRL cannot be read: ") + reason(e.Err, lang)
	case NoCertificate:
		return s + pick(lang, "aucun certificat (bloc PEM CERTIFICATE)", "no certificate (PEM block CERTIFICATE)")
	case BadKey:
		return fmt.Sprintf(pick(lang, "sorte de clé inconnue : « %s »", "unknown kind of key: %q"), e.Name)
	case BadProfile:
		return fmt.Sprintf(pick(lang, "profil inconnu : « %s »", "unknown profile: %q"), e.Name)
	case BadFault:
		return fmt.Sprintf(pick(lang, "ce défaut n'est pas au catalogue : « %s »", "no such fault in the catalogue: %q"), e.Name)
	case BadUsage:
		if e.Name == "" {
			return pick(lang, "il faut dire l'usage", "the usage has to be said")
		}
		return fmt.Sprintf(pick(lang, "usage impossible : « %s »", "usage not possible: %q"), e.Name)
	case BadFile:
		return fmt.Sprintf(pick(lang, "« %s » ne peut pas nommer les fichiers d'une identité", "%q cannot name the files of an identity"), e.Name)
	case BadReason:
		return fmt.Sprintf(pick(lang, "motif de révocation inconnu : « %s »", "unknown reason for a revocation: %q"), e.Name)
	case BadSerial:
		return fmt.Sprintf(pick(lang, "« %s » n'est ni un fichier ni un numéro de série", "%q is neither a file nor a serial number"), e.Name)
	case BadRequest:
		return s + pick(lang, "demande refusée : ", "request refused: ") + e.Detail.In(lang)
	case NoName:
		return pick(lang, "une identité a besoin d'au moins un nom", "an identity needs at least one name")
	case NotOurs:
		return s + pick(lang, "ce certificat ne vient pas de l'autorité de ce dossier", "that certificate does not come from the authority of this folder")
	case NoAuthority:
		return s + pick(lang, "pas d'autorité ici : ce fichier manque", "no authority here: this file is missing")
	case BadAuthority:
		return s + pick(lang, "autorité inutilisable : ", "unusable authority: ") + e.Detail.In(lang)
	case NoIntermediate:
		return s + pick(lang, "cette autorité interdit toute autorité intermédiaire (pathlen 0), et ce défaut en demande une",
			"this authority forbids any intermediate one (pathlen 0), and this fault needs one")
	case BadState:
		return s + pick(lang, "mémoire de la PKI illisible : ", "the memory of the PKI cannot be read: ") + reason(e.Err, lang)
	case Locked:
		return s + pick(lang, "une autre commande modifie ce dossier", "another command is changing this folder")
	case BadDays:
		return fmt.Sprintf(pick(lang, "durée de validité de %d jours impossible", "a validity of %d days is not possible"), e.Days)
	case BadName:
		return fmt.Sprintf(pick(lang, "« %s » n'est ni un nom d'hôte ni une adresse IP", "%q is neither a host name nor an IP address"), e.Name)
	}
	return s + reason(e.Err, lang)
}

// reason says why the system refused something, without the path again.
func reason(err error, lang string) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	switch {
	case err == nil:
		return pick(lang, "erreur", "error")
	case errors.Is(err, fs.ErrPermission):
		return pick(lang, "accès refusé", "permission denied")
	case errors.Is(err, fs.ErrNotExist):
		return pick(lang, "ce fichier ou ce dossier n'existe pas", "no such file or directory")
	case errors.Is(err, syscall.ENOSPC):
		return pick(lang, "plus de place sur le disque", "no space left on the disk")
	case errors.Is(err, syscall.EROFS):
		return pick(lang, "ce disque est en lecture seule", "this disk is read-only")
	case errors.Is(err, syscall.EISDIR):
		return pick(lang, "c'est un dossier, pas un fichier", "is a directory, not a file")
	case errors.Is(err, syscall.ENOTDIR):
		return pick(lang, "ce n'est pas un dossier", "not a directory")
	case strings.Contains(err.Error(), "x509: malformed"):
		return pick(lang, "ce n'est pas un certificat X.509 bien formé", "not a well-formed X.509 certificate")
	}
	return pick(lang, "« "+err.Error()+" »", err.Error())
}

// existsHint names what --force would replace: to put a whole authority at risk is
// one thing, to make an identity anew another.
func (e *Error) existsHint(lang string) string {
	dir, file := filepath.Split(e.Path)
	switch {
	case filepath.Base(dir) == badDir:
		return pick(lang, "« --only NOM » en refait une seule, « --force » tout le catalogue", "--only NAME makes a single one anew, --force the whole catalogue")
	case file == "ca.pem":
		return pick(lang, "choisissez un autre dossier, ou « --force » pour remplacer toute la PKI", "choose another folder, or --force to replace the whole PKI")
	}
	return pick(lang, "choisissez un autre nom ou un autre dossier, ou « --force » pour remplacer", "choose another name or folder, or --force to replace what exists")
}

// Hint says what to do about the error, in French or English; "" if nothing
// useful can be said.
func (e *Error) Hint(lang string) string {
	switch e.Kind {
	case Exists:
		return e.existsHint(lang)
	case NotADirectory, IsDirectory:
		return pick(lang, "choisissez un autre dossier", "choose another folder")
	case Missing:
		return pick(lang, "vérifiez le chemin ; « pamlab pki init » fabrique une PKI de test", `check the path; "pamlab pki init" makes a test PKI`)
	case NoCertificate, BadCertificate:
		return pick(lang, "il faut un fichier PEM, avec des lignes BEGIN CERTIFICATE et END CERTIFICATE", "a PEM file is needed, with lines BEGIN CERTIFICATE and END CERTIFICATE")
	case BadCRL:
		return pick(lang, "il faut une CRL en PEM (lignes BEGIN X509 CRL et END X509 CRL) ou en DER", "a CRL in PEM (lines BEGIN X509 CRL and END X509 CRL) or DER is needed")
	case Failed:
		return pick(lang, "vérifiez le chemin, les droits et la place libre", "check the path, the permissions and the free space")
	case BadUsage:
		return cmp.Or(e.Detail.In(lang), pick(lang, "au choix : client, server, both", "one of: client, server, both"))
	case BadFile:
		return pick(lang, "--as prend des lettres, des chiffres, « . », « - » et « _ », hors des noms de l'autorité et de la CRL", "--as takes letters, digits, '.', '-' and '_', but not the names of the authority and the CRL")
	case BadReason:
		return pick(lang, "au choix : ", "one of: ") + list(Reasons())
	case BadSerial:
		return pick(lang, "« pamlab pki show » donne les numéros de série, en hexadécimal", `"pamlab pki show" shows serial numbers, in hexadecimal`)
	case BadRequest:
		return pick(lang, "par exemple : openssl req -new -newkey rsa:2048 -nodes -keyout dmn-key.pem -subj /CN=dmn.hopital.test -addext subjectAltName=DNS:dmn.hopital.test",
			"for example: openssl req -new -newkey rsa:2048 -nodes -keyout dmn-key.pem -subj /CN=dmn.hospital.test -addext subjectAltName=DNS:dmn.hospital.test")
	case NoName:
		return pick(lang, "donnez --name (répétable)", "give --name (repeatable)")
	case NotOurs:
		return pick(lang, "une autorité ne révoque que ce qu'elle a signé ; --dir choisit la PKI", "an authority revokes what it has signed only; --dir chooses the PKI")
	case BadDays:
		if e.Most > MaxDays {
			return fmt.Sprintf(pick(lang, "entre 1 et %d jours, dit le profil", "between 1 and %d days, the profile says"), e.Most)
		}
		return fmt.Sprintf(pick(lang, "entre 1 et %d jours : deux ans au plus (IHE ITI TF-2 3.19)", "between 1 and %d days: two years at most (IHE ITI TF-2 3.19)"), cmp.Or(e.Most, MaxDays))
	case BadKey:
		return pick(lang, "au choix : ", "one of: ") + list(KeyKinds())
	case BadProfile:
		return pick(lang, "au choix : ", "one of: ") + list(profileNames())
	case BadFault:
		return pick(lang, "au choix : ", "one of: ") + list(faultNames())
	case NoAuthority:
		return pick(lang, "« pamlab pki init --dir "+e.Name+" » en fabrique une", `"pamlab pki init --dir `+e.Name+`" makes one`)
	case BadAuthority:
		return pick(lang, "« pamlab pki init --force » refait toute la PKI", `"pamlab pki init --force" makes the whole PKI anew`)
	case NoIntermediate:
		return pick(lang, "elle date d'un ancien pamlab : « pamlab pki init --force » refait toute la PKI (redonnez ensuite ca.pem à chacun), ou choisissez d'autres défauts avec --only",
			`an older pamlab made it: "pamlab pki init --force" makes the whole PKI anew (give everyone ca.pem again then), or choose other faults with --only`)
	case BadState:
		return pick(lang, "corrigez ce fichier, ou reprenez-en une copie : il dit qui est révoqué", "correct the file, or take a copy of it: it says who is revoked")
	case Locked:
		return pick(lang, "si aucune commande n'est en cours, supprimez ce fichier", "if no command is running, delete that file")
	case BadName:
		return pick(lang, "donnez un nom comme dmn.hopital.test ou une adresse comme 192.0.2.7", "give a name like dmn.hospital.test or an address like 192.0.2.7")
	}
	return ""
}

func pick(lang, fr, en string) string {
	if lang == "fr" {
		return fr
	}
	return en
}

// list joins words for a hint.
func list[S ~string](all []S) string {
	var b strings.Builder
	for i, s := range all {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(s))
	}
	return b.String()
}
