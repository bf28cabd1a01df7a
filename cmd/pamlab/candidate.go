package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/scenarios"
)

// candidateFlags say which candidate a command is about.
type candidateFlags struct {
	file string
	set  []string
	tls  *tlsFlags
}

const defaultCandidate = "candidate.yaml"

func (a *app) addCandidateFlags(cmd *cobra.Command) *candidateFlags {
	c := &candidateFlags{}
	flags := cmd.Flags()
	flags.StringVarP(&c.file, "candidate", "c", defaultCandidate, a.text("fichier du candidat", "candidate file"))
	flags.StringArrayVar(&c.set, "set", nil, a.text("change une valeur du fichier : candidate.address=127.0.0.1:2575 (répétable)", "change a value of the file: candidate.address=127.0.0.1:2575 (repeatable)"))
	_ = cmd.MarkFlagFilename("candidate", "yaml")
	c.tls = a.addTLSFlags(cmd)
	return c
}

// load reads the candidate. Without a file, --set alone can describe it, but
// something has to.
func (c *candidateFlags) load(cmd *cobra.Command) (*scenarios.Candidate, error) {
	file := c.file
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) && !cmd.Flags().Changed("candidate") {
		if len(c.set) == 0 {
			return nil, &exitError{code: scenarios.ExitUnusable,
				text: scenarios.Textf("il n'y a pas de fichier %s ici", "there is no file %s here", defaultCandidate),
				hint: scenarios.Text{
					FR: "« pamlab demo » en écrit un ; ou donnez --candidate FICHIER, ou --set candidate.address=HÔTE:PORT",
					EN: "`pamlab demo` writes one; or give --candidate FILE, or --set candidate.address=HOST:PORT",
				}}
		}
		file = ""
	}
	if err := c.tls.check(); err != nil {
		return nil, err
	}
	candidate, err := scenarios.LoadCandidate(file, c.set)
	if err != nil {
		return nil, withCode(c.code(err), err)
	}
	c.overrideTLS(candidate)
	return candidate, nil
}

// code tells a fault of the command line from one of the file.
func (c *candidateFlags) code(err error) int {
	problems, ok := errors.AsType[scenarios.Problems](err)
	if !ok || slices.ContainsFunc(problems, func(p *scenarios.Problem) bool { return p.Pos.File != "--set" }) {
		return scenarios.ExitUnusable
	}
	return scenarios.ExitUsage
}

// options are the flags that chose the candidate, as they would be typed again.
func (c *candidateFlags) options(cmd *cobra.Command) []string {
	var list []string
	if cmd.Flags().Changed("candidate") {
		list = append(list, "--candidate", c.file)
	}
	for _, set := range c.set {
		list = append(list, "--set", set)
	}
	for _, crl := range c.tls.crl {
		list = append(list, "--tls-crl", crl)
	}
	for _, name := range []string{"tls-ca", "tls-cert", "tls-key", "tls-server-name", "tls-revocation", "instant"} {
		if f := cmd.Flags().Lookup(name); f != nil && f.Changed {
			list = append(list, "--"+name, f.Value.String())
		}
	}
	return list
}

// overrideTLS puts the --tls flags in the place of the file's own.
func (c *candidateFlags) overrideTLS(candidate *scenarios.Candidate) {
	if !c.tls.given() {
		return
	}
	files := c.tls.files
	if candidate.TLS == nil {
		candidate.TLS = &scenarios.TLS{}
	}
	for _, o := range []struct {
		to   *string
		from string
	}{
		{&candidate.TLS.CA, files.CA}, {&candidate.TLS.Cert, files.Cert},
		{&candidate.TLS.Key, files.Key}, {&candidate.TLS.ServerName, files.ServerName},
		{&candidate.TLS.Revocation, c.tls.revocation},
	} {
		if o.from != "" {
			*o.to = o.from
		}
	}
	if len(c.tls.crl) > 0 {
		candidate.TLS.CRL = c.tls.crl
	}
}

// ready says whether our own identity can be used at all: better told once, now,
// than once a scenario.
func ready(candidate *scenarios.Candidate) error {
	if candidate.Address == "" && candidate.Role == scenarios.DMN {
		return &exitError{code: scenarios.ExitUnusable,
			text: scenarios.Text{FR: "le candidat n'a pas d'adresse", EN: "the candidate has no address"},
			hint: scenarios.Text{FR: "candidate: {address: 127.0.0.1:2575}, ou --set candidate.address=127.0.0.1:2575",
				EN: "candidate: {address: 127.0.0.1:2575}, or --set candidate.address=127.0.0.1:2575"}}
	}
	if candidate.TLS == nil {
		return nil
	}
	files, err := candidate.TLS.Files("")
	if err == nil {
		_, err = files.ClientConfig()
	}
	return withCode(identityCode(err), err)
}

// identityCode tells an identity that is out of date, which keeps us from
// judging, from files that are wrong.
func identityCode(err error) int {
	var e *mllp.FileError
	if errors.As(err, &e) && (e.Kind == mllp.FileExpired || e.Kind == mllp.FileNotYetValid) {
		return scenarios.ExitUnjudged
	}
	return scenarios.ExitUnusable
}

func (a *app) describe(c *scenarios.Candidate) string {
	over := a.text("en clair", "plain TCP")
	if c.TLS != nil {
		over = a.text("TLS mutuel", "mutual TLS")
	}
	at := c.Address
	if listen := c.Info().Listen; listen != "" {
		at = a.text("attendu à ", "awaited at ") + listen
	}
	return fmt.Sprintf("%s · %s · %s · %s", c.Name, at, c.Dialect.Name, over)
}
