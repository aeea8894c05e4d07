// Swagger UI over the routes of all services; its assets and the document come from this address only.
const page = document.getElementById("swagger-ui");

SwaggerUIBundle({
  url: page.dataset.url,
  domNode: page,
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
  validatorUrl: null,
});
