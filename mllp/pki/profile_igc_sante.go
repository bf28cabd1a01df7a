package pki

// igcSanteTest has the names and the shape of the test branch of IGC-Santé, the
// public key infrastructure of French health care, as public projects show
// them: a root, below it the authority for organisations, and for each
// organisation a certificate for its server (SERV_SSL) and another for its
// client (ORG_AUTH_CLI); a CRL in DER for each authority.
//
// It is a look-alike, and says so in every subject. The official templates were
// not at hand: key sizes, the units' numbers and what is left out (policies,
// distribution points, which would lead peers to the real service) are ours.
func igcSanteTest() Profile {
	return Profile{
		Name:  "igc-sante-test",
		Title: Text{"imitation de la branche de test de l'IGC-Santé", "look-alike of the test branch of IGC-Santé"},
		Note: Text{
			"Imitation pour essais : ces certificats ne viennent pas de l'ANS et ne valent rien hors de ce laboratoire.",
			"Look-alike for tests: these certificates do not come from ANS and are worth nothing outside this laboratory."},
		Country: "FR",
		Org:     "pamlab look-alike (not issued by ANS)",
		Units:   []string{"0002 000000000", "IGC-SANTE TEST (pamlab look-alike)"},
		Prefix:  "TEST ",
		Root:    AuthorityProfile{Role: roleCA, CN: "TEST AC RACINE IGC-SANTE ELEMENTAIRE", CRL: "ACR-EL-TEST.crl"},
		Issuing: &AuthorityProfile{Role: "issuing-ca", CN: "TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS", CRL: "ACI-EL-ORG-TEST.crl"},
		Key:     RSA2048,
		// Three years are seen there. Two are what IHE recommends, so three have
		// to be asked for.
		Days:     MaxDays,
		MaxDays:  3 * 365,
		OneUsage: true,
		Identities: []IdentityProfile{
			{Role: "gam-server", Party: roleGAM, Usage: UsageServer, CN: "TEST gam.test"},
			{Role: "gam-client", Party: roleGAM, Usage: UsageClient, CN: "TEST ORG GAM"},
			{Role: "dmn-server", Party: roleDMN, Usage: UsageServer, CN: "TEST dmn.test"},
			{Role: "dmn-client", Party: roleDMN, Usage: UsageClient, CN: "TEST ORG DMN"},
		},
	}
}
