// What a client knows of an operation: data, as the package has it of its API.

/** How a field of a form is sent. */
export type Encoding = {
  content_type: string | null;
  style: string | null;
  explode: boolean | null;
};

/** A parameter. `is_json` where its value is sent as JSON; null is sent if it is `nullable`. */
export type Parameter = {
  argument: string;
  name: string;
  location: "path" | "query" | "header" | "cookie";
  style: string;
  explode: boolean;
  is_json: boolean;
  nullable: boolean;
};

/** An operation: as in Python. */
export type Operation = {
  id: string;
  method: string;
  path: string;
  parameters: Parameter[];
  bodies: { [mediaType: string]: { [field: string]: Encoding } };
  nullable_body: boolean;
  answers: string[];
  key_header: string | null;
  bearer: boolean;
};

/** What a method is given. */
export type Arguments = { [name: string]: unknown };
