package scim

import "maps"

// shape is a value of the protocol that is written as it stands.
type shape = map[string]any

// providerConfig says what of the protocol is understood.
func providerConfig(base string) shape {
	no := shape{"supported": false}
	return shape{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"},
		"patch":   shape{"supported": true}, "changePassword": no, "sort": no, "etag": no,
		"bulk":   shape{"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
		"filter": shape{"supported": true, "maxResults": mostCount},
		"authenticationSchemes": []shape{{
			"type": "oauthbearertoken", "name": "Bearer token", "description": "A token that the agency's administration has made", "primary": true,
		}},
		"meta": shape{"resourceType": "ServiceProviderConfig", "location": base + "/ServiceProviderConfig"},
	}
}

func resourceTypes(base string) list {
	kind := func(name, endpoint, schema string) shape {
		return shape{
			"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ResourceType"}, "id": name, "name": name, "endpoint": endpoint, "schema": schema,
			"meta": shape{"resourceType": "ResourceType", "location": base + "/ResourceTypes/" + name},
		}
	}
	return listOf(2, 1, []shape{kind(kindUser, "/Users", schemaUser), kind(kindGroup, "/Groups", schemaGroup)})
}

// attribute describes one of a schema.
func attribute(name, kind string, more shape) shape {
	a := shape{
		"name": name, "type": kind, "multiValued": false, "required": false, "caseExact": false,
		"mutability": "readWrite", "returned": "default", "uniqueness": "none",
	}
	maps.Copy(a, more)
	return a
}

func schemas() list {
	schema := func(id, name string, attributes ...shape) shape {
		return shape{
			"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Schema"}, "id": id, "name": name, "attributes": attributes,
			"meta": shape{"resourceType": "Schema"},
		}
	}
	needed := shape{"required": true, "uniqueness": "server"}
	external := attribute("externalId", "string", shape{"caseExact": true})
	return listOf(2, 1, []shape{
		schema(schemaUser, kindUser,
			attribute("userName", "string", needed), external,
			attribute("name", "complex", shape{"subAttributes": []shape{
				attribute("formatted", "string", nil), attribute("givenName", "string", nil), attribute("familyName", "string", nil),
			}}),
			attribute("displayName", "string", nil),
			attribute("emails", "complex", shape{"multiValued": true, "subAttributes": []shape{
				attribute("value", "string", nil), attribute("type", "string", nil), attribute("primary", "boolean", nil),
			}}),
			attribute("active", "boolean", nil),
		),
		schema(schemaGroup, kindGroup,
			attribute("displayName", "string", needed), external,
			attribute("members", "complex", shape{"multiValued": true, "subAttributes": []shape{
				attribute("value", "string", shape{"mutability": "immutable"}),
				attribute("$ref", "reference", shape{"mutability": "immutable", "referenceTypes": []string{kindUser}}),
				attribute("type", "string", shape{"mutability": "immutable"}),
			}}),
		),
	})
}
