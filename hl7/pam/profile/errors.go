package profile

import (
	"fmt"
	"strings"

	"github.com/pamlab/pamlab/hl7/alike"
	"github.com/pamlab/pamlab/hl7/pam"
)

// UnknownError reports a profile that does not exist.
type UnknownError struct {
	Name string
	Near []string // profiles and dialects written almost like it, at most three

	all []string
}

// Error returns the English sentence.
func (e *UnknownError) Error() string { return e.In("en") }

// In returns the sentence in "fr" or "en".
func (e *UnknownError) In(lang string) string {
	return pam.Text{
		FR: fmt.Sprintf("« %s » n'est ni un profil ni un dialecte", e.Name),
		EN: fmt.Sprintf("%q is neither a profile nor a dialect", e.Name),
	}.In(lang)
}

// Hint lists the names that exist, those that are written almost like it if
// there are any.
func (e *UnknownError) Hint(lang string) string {
	if len(e.Near) > 0 {
		names := strings.Join(e.Near, ", ")
		return pam.Text{FR: "vouliez-vous dire " + names + " ?", EN: "did you mean " + names + "?"}.In(lang)
	}
	names := strings.Join(e.all, ", ")
	return pam.Text{FR: "les profils sont " + names, EN: "the profiles are " + names}.In(lang)
}

// DataError reports what is wrong in a data file. Only somebody who writes one
// sees it: a test loads all those that are in the program.
type DataError struct {
	File         string // "pam-fr-2.12.txt"
	Line, Column int    // from 1, the column in bytes; 0 for the file as a whole

	what pam.Text
}

// Error returns the English sentence with its place, file:line:column.
func (e *DataError) Error() string { return e.In("en") }

// In returns the sentence in "fr" or "en".
func (e *DataError) In(lang string) string {
	colon := pam.Text{FR: " : ", EN: ": "}.In(lang)
	if e.Line == 0 {
		return e.File + colon + e.what.In(lang)
	}
	return fmt.Sprintf("%s:%d:%d%s%s", e.File, e.Line, e.Column, colon, e.what.In(lang))
}

// Hint says where the format is described.
func (e *DataError) Hint(lang string) string {
	return pam.Text{
		FR: "le format est décrit en tête de hl7/pam/profile/data/pam-2.5.txt",
		EN: "the format is described at the top of hl7/pam/profile/data/pam-2.5.txt",
	}.In(lang)
}

// near returns at most three of the names that differ from name in few letters.
func near(name string, names []string) []string {
	var found []string
	for limit := 1; limit <= 3; limit++ {
		for _, n := range names {
			if alike.Distance(name, n) == limit && len(found) < 3 {
				found = append(found, n)
			}
		}
	}
	return found
}
