package pki

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// maxPEM bounds what is read of a file that is said to be PEM.
const maxPEM = 1 << 20

// KeyState says whether the private key of a certificate is at hand.
type KeyState string

// The states of a private key.
const (
	KeyAbsent  KeyState = "absent"
	KeyMatches KeyState = "matches"
	KeyDiffers KeyState = "differs"    // there is a key, of another certificate
	KeyBroken  KeyState = "unreadable" // there is a file that holds no usable key
)

// Info is what is known about one certificate.
type Info struct {
	File        string
	Role        string // name of the file without ".pem": ca, gam, dmn …
	CA          bool
	Subject     string // RFC 2253
	Issuer      string
	Serial      string // hexadecimal
	DNSNames    []string
	IPAddresses []net.IP
	EKUs        []string // serverAuth, clientAuth, or an object identifier
	Algorithm   string   // of the key, and its size: RSA 2048, ECDSA P-256 …
	Signature   string   // how it is signed: ECDSA-SHA256 …
	NotBefore   time.Time
	NotAfter    time.Time
	Fingerprint string // SHA-256 of the certificate, hexadecimal pairs joined by ':'
	Key         KeyState
	KeyFile     string // where the key was looked for
	Position    int    // in its file, from 1; the further ones are its chain
	Of          int    // how many there are in the file

	cert   *x509.Certificate
	before *x509.Certificate // the one before it in the file
	after  *x509.Certificate // the one after it
}

// DaysLeft is the number of whole days until the certificate expires; negative
// once it has.
func (i Info) DaysLeft(now time.Time) int {
	return int(math.Floor(i.NotAfter.Sub(now).Hours() / 24))
}

// SANs returns the names of the certificate, host names first.
func (i Info) SANs() []string {
	all := append([]string(nil), i.DNSNames...)
	for _, ip := range i.IPAddresses {
		all = append(all, ip.String())
	}
	return all
}

// Show returns what there is to know about the certificates in a PEM file, or
// in the *.pem files of a folder, the CA first. Files of a folder that hold no
// certificate are passed over. The error is an *Error.
func Show(path string) ([]Info, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, readError(path, err)
	}
	if !info.IsDir() {
		return showFile(path)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, &Error{Kind: Failed, Path: path, Err: err}
	}
	var all []Info
	rank := map[string]bool{} // files that begin with an authority: a chain stays with its file
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".pem" || e.IsDir() {
			continue
		}
		infos, err := showFile(filepath.Join(path, e.Name()))
		if e, ok := errors.AsType[*Error](err); ok && e.Kind == NoCertificate {
			continue
		}
		if err != nil {
			return nil, err
		}
		rank[infos[0].File] = infos[0].CA
		all = append(all, infos...)
	}
	if len(all) == 0 {
		return nil, &Error{Kind: NoCertificate, Path: path}
	}
	sort.SliceStable(all, func(i, j int) bool { return rank[all[i].File] && !rank[all[j].File] })
	return all, nil
}

func showFile(path string) ([]Info, error) {
	data, err := read(path)
	if err != nil {
		return nil, err
	}
	certs, err := decodeCerts(path, data)
	if err != nil {
		return nil, err
	}
	var infos []Info
	for i, c := range certs {
		info := newInfo(path, c)
		info.Position, info.Of = i+1, len(certs)
		if i > 0 {
			info.before = certs[i-1]
		}
		if i+1 < len(certs) {
			info.after = certs[i+1]
		}
		infos = append(infos, info)
	}
	infos[0].findKey() // the further ones are intermediates
	return infos, nil
}

// decodeCerts finds the certificates in a file: PEM, or a single one in DER.
func decodeCerts(path string, data []byte) ([]*x509.Certificate, error) {
	if c, err := x509.ParseCertificate(data); err == nil {
		return []*x509.Certificate{c}, nil
	}
	var all []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, &Error{Kind: BadCertificate, Path: path, Err: err}
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, &Error{Kind: NoCertificate, Path: path}
	}
	return all, nil
}

func read(path string) ([]byte, error) { return readUpTo(path, maxPEM) }

func readUpTo(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, readError(path, err)
	}
	if !info.Mode().IsRegular() { // opening a named pipe would wait for its writer
		return nil, &Error{Kind: NoCertificate, Path: path}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, readError(path, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, readError(path, err)
	}
	if int64(len(data)) > most {
		return nil, &Error{Kind: NoCertificate, Path: path}
	}
	return data, nil
}

func readError(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &Error{Kind: Missing, Path: path, Err: err}
	}
	return &Error{Kind: Failed, Path: path, Err: err}
}

func newInfo(path string, c *x509.Certificate) Info {
	sum := sha256.Sum256(c.Raw)
	return Info{
		File: path, Role: strings.TrimSuffix(filepath.Base(path), ".pem"), CA: c.IsCA,
		Subject: c.Subject.String(), Issuer: c.Issuer.String(), Serial: fmt.Sprintf("%x", c.SerialNumber),
		DNSNames: c.DNSNames, IPAddresses: c.IPAddresses, EKUs: ekus(c),
		NotBefore: c.NotBefore, NotAfter: c.NotAfter,
		Algorithm: describeKey(c.PublicKey), Signature: c.SignatureAlgorithm.String(), Position: 1, Of: 1,
		Fingerprint: strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":"),
		Key:         KeyAbsent, cert: c,
	}
}

func ekus(c *x509.Certificate) []string {
	var all []string
	for _, u := range c.ExtKeyUsage {
		switch u {
		case x509.ExtKeyUsageServerAuth:
			all = append(all, "serverAuth")
		case x509.ExtKeyUsageClientAuth:
			all = append(all, "clientAuth")
		case x509.ExtKeyUsageAny:
			all = append(all, "any")
		default:
			all = append(all, fmt.Sprintf("eku-%d", u))
		}
	}
	for _, oid := range c.UnknownExtKeyUsage {
		all = append(all, oid.String())
	}
	return all
}

// findKey looks for the private key: beside the certificate as <role>-key.pem,
// or in the same file.
func (i *Info) findKey() {
	i.KeyFile = strings.TrimSuffix(i.File, ".pem") + "-key.pem"
	data, err := read(i.KeyFile)
	if e, ok := errors.AsType[*Error](err); ok && e.Kind == Missing {
		if data, err = read(i.File); err == nil && !strings.Contains(string(data), "PRIVATE KEY-----") {
			return
		}
		i.KeyFile = i.File
	}
	i.Key = KeyBroken
	if err != nil {
		return
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		key := decodeKey(block)
		if key == nil {
			continue
		}
		i.Key = KeyDiffers
		if sameKey(i.cert, key) {
			i.Key = KeyMatches
		}
		return
	}
}

// sameKey reports whether a key belongs to a certificate.
func sameKey(c *x509.Certificate, key crypto.Signer) bool {
	pub, ok := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	return ok && pub.Equal(key.Public())
}

func decodeKey(block *pem.Block) crypto.Signer {
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		signer, _ := key.(crypto.Signer)
		return signer
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key
	}
	return nil
}
