"""A spec to start from: one resource, with the five operations that it has over HTTP.

It keeps the house rules as it stands, and is there to be edited.
"""

from string import Template

_TEXT = Template("""\
# The $title API.
openapi: 3.0.3
info:
  title: $title
  version: 0.1.0
  description: $model, one by one and page by page.
  contact: {name: Aware Micro-Services}
  license: {name: MIT, url: 'https://opensource.org/license/mit'}
servers:
  - {url: /, description: Where this document is served}
security: [{}, {apiKey: []}]
tags:
  - {name: $name, description: $title}

paths:
  /$name/:
    get:
      operationId: list_$name
      tags: [$name]
      summary: A page
      parameters:
        - name: limit
          in: query
          description: How many at most.
          schema: {type: integer, format: int32, minimum: 1, maximum: 1000, default: 100}
          example: 20
        - name: cursor
          in: query
          description: Where to go on, as the `Link` header of the page before gives it.
          schema: {type: string, pattern: '^[A-Za-z0-9_-]+$$', minLength: 1, maxLength: 200}
      responses:
        '200':
          description: A page.
          headers:
            X-Service-Version: {$$ref: 'shared.yaml#/components/headers/ServiceVersion'}
            Link:
              description: 'Where there is more: the next page, `rel="next"`.'
              schema: {type: string, maxLength: 500}
          content:
            application/json:
              schema: {type: array, maxItems: 1000, items: {$$ref: '#/components/schemas/$model'}}
              example: [{$key: 5a4e4ef2-6cbb-4a3c-9d0e-3f1f3f3f2b11, name: An example}]
        '400': {$$ref: 'shared.yaml#/components/responses/BadRequest'}
        '401': {$$ref: 'shared.yaml#/components/responses/Unauthorized'}
        '404': {$$ref: 'shared.yaml#/components/responses/NotFound'}
        '429': {$$ref: 'shared.yaml#/components/responses/TooManyRequests'}
        '503': {$$ref: 'shared.yaml#/components/responses/ServiceUnavailable'}
    post:
      operationId: create_$name
      tags: [$name]
      summary: Create one
      requestBody: {$$ref: '#/components/requestBodies/$model'}
      responses:
        '201':
          description: As it is stored.
          headers:
            X-Service-Version: {$$ref: 'shared.yaml#/components/headers/ServiceVersion'}
            Location:
              description: Where it is from now on.
              required: true
              schema: {type: string, maxLength: 200, example: /$name/5a4e4ef2}
          content: &one
            application/json:
              schema: {$$ref: '#/components/schemas/$model'}
              example: {$key: 5a4e4ef2-6cbb-4a3c-9d0e-3f1f3f3f2b11, name: An example}
          links:
            get_$name: {operationId: get_$name, parameters: {id: '$$response.body#/$key'}}
            replace_$name: {operationId: replace_$name, parameters: {id: '$$response.body#/$key'}}
            delete_$name: {operationId: delete_$name, parameters: {id: '$$response.body#/$key'}}
        '400': {$$ref: 'shared.yaml#/components/responses/BadRequest'}
        '401': {$$ref: 'shared.yaml#/components/responses/Unauthorized'}
        '413': {$$ref: 'shared.yaml#/components/responses/PayloadTooLarge'}
        '415': {$$ref: 'shared.yaml#/components/responses/UnsupportedMediaType'}
        '429': {$$ref: 'shared.yaml#/components/responses/TooManyRequests'}
        '503': {$$ref: 'shared.yaml#/components/responses/ServiceUnavailable'}

  /$name/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {$$ref: 'shared.yaml#/components/schemas/Id'}}
    get:
      operationId: get_$name
      tags: [$name]
      summary: One
      responses:
        '200': &answered
          description: It.
          headers:
            X-Service-Version: {$$ref: 'shared.yaml#/components/headers/ServiceVersion'}
          content: *one
        '400': {$$ref: 'shared.yaml#/components/responses/BadRequest'}
        '401': {$$ref: 'shared.yaml#/components/responses/Unauthorized'}
        '404': {$$ref: 'shared.yaml#/components/responses/NotFound'}
        '429': {$$ref: 'shared.yaml#/components/responses/TooManyRequests'}
        '503': {$$ref: 'shared.yaml#/components/responses/ServiceUnavailable'}
    put:
      operationId: replace_$name
      tags: [$name]
      summary: Put another in its place
      requestBody: {$$ref: '#/components/requestBodies/$model'}
      responses:
        '200': *answered
        '400': {$$ref: 'shared.yaml#/components/responses/BadRequest'}
        '401': {$$ref: 'shared.yaml#/components/responses/Unauthorized'}
        '404': {$$ref: 'shared.yaml#/components/responses/NotFound'}
        '413': {$$ref: 'shared.yaml#/components/responses/PayloadTooLarge'}
        '415': {$$ref: 'shared.yaml#/components/responses/UnsupportedMediaType'}
        '429': {$$ref: 'shared.yaml#/components/responses/TooManyRequests'}
        '503': {$$ref: 'shared.yaml#/components/responses/ServiceUnavailable'}
    delete:
      operationId: delete_$name
      tags: [$name]
      summary: Remove it
      responses:
        '204':
          description: It is gone.
          headers:
            X-Service-Version: {$$ref: 'shared.yaml#/components/headers/ServiceVersion'}
        '400': {$$ref: 'shared.yaml#/components/responses/BadRequest'}
        '401': {$$ref: 'shared.yaml#/components/responses/Unauthorized'}
        '404': {$$ref: 'shared.yaml#/components/responses/NotFound'}
        '429': {$$ref: 'shared.yaml#/components/responses/TooManyRequests'}
        '503': {$$ref: 'shared.yaml#/components/responses/ServiceUnavailable'}

components:
  securitySchemes:
    apiKey: {$$ref: 'shared.yaml#/components/securitySchemes/apiKey'}
  requestBodies:
    $model:
      required: true
      content:
        application/json:
          schema: {$$ref: '#/components/schemas/New$model'}
          example: {name: An example}
  schemas:
    New$model:
      type: object
      description: What a client says of one.
      additionalProperties: false
      required: [name]
      properties:
        name: {$$ref: 'shared.yaml#/components/schemas/Text'}
    $model:
      type: object
      description: One as it is stored.
      required: [$key, name]
      properties:
        $key: {$$ref: 'shared.yaml#/components/schemas/Id'}
        name: {$$ref: 'shared.yaml#/components/schemas/Text'}
""")


def starter(name: str, model: str, key: str) -> str:
    """The spec's text.

    Args:
        name: Of the resource, in paths and operations: `inventory`.
        model: Of the schema that is stored.
        key: Of the property with an id.
    """
    title = name.replace("_", " ").capitalize()
    return _TEXT.substitute(name=name, title=title, model=model, key=key)
